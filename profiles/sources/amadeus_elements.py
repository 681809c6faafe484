"""The data elements of a PNR_Reply: contacts, requests, tickets, fares, tied to passengers and flights by tattoos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from profiles.sources import agents, tickets
from profiles.sources.json_lines import Unreadable
from profiles.sources.reservation import NO_CURRENCY, Contact, CouponSold, Segment, Service
from profiles.sources.xml_documents import every, first

# FA elements: `PAX 889-2120234533/ETNV/EUR412.00/02JUL26/...`, conjunction numbers after a hyphen.
_TICKET = re.compile(r"(PAX|INF)\s+(\d{3})-?(\d{10})(?:-\d{2})?/(\w*)")
_E_MAIL, _TELEPHONE = ("P02",), ("3", "4", "5", "6", "7", "8", "P01", "P27")
_MOBILE_MARK = re.compile(r"-[A-Z]$")


@dataclass(frozen=True)
class Reference:
    """Tattoos of the sender -> numbers of passengers, of infants by their adult's, and of flights."""

    passengers: dict[str, int]
    infants: dict[str, int]
    legs: dict[str, int]

    def whose(self, element: Element, *, infant: bool = False) -> list[int]:
        """The passengers that an element is for; nobody where it does not say and there are several."""
        told = [tattoo for kind, tattoo in _references(element) if kind == "PT"]
        known = self.infants if infant else self.passengers
        if not told and len(known) == 1:
            return list(known.values())
        return [known[tattoo] for tattoo in told if tattoo in known]

    def flown(self, element: Element) -> list[int]:
        return [self.legs[t] for kind, t in _references(element) if kind == "ST" and t in self.legs]


@dataclass
class Money:
    """What each passenger pays, in minor units, without and with taxes."""

    currency: str = NO_CURRENCY
    bases: dict[int, int] = field(default_factory=dict)
    totals: dict[int, int] = field(default_factory=dict)


def _references(element: Element) -> list[tuple[str, str]]:
    within = every(element, "referenceForDataElement/reference", "referenceForTstData/reference")
    return [(first(r, "qualifier"), first(r, "number")) for r in within]


def _named(reply: Element, *kinds: str) -> Iterator[Element]:
    for element in reply.iterfind("dataElementsMaster/dataElementsIndiv"):
        if first(element, "elementManagementData/segmentName") in kinds:
            yield element


def _requests(reply: Element, *codes: str) -> Iterator[tuple[str, Element, Element]]:
    for element in _named(reply, "SSR"):
        request = element.find("serviceRequest/ssr")
        if request is not None and (not codes or first(request, "type") in codes):
            yield first(request, "type"), request, element


def _text(request: Element) -> str:
    return "".join(part.text or "" for part in request.iterfind("freeText")).strip()


def contacts(reply: Element, who: Reference) -> Iterator[Contact]:
    """AP elements are the booking's, or a passenger's who is named; requests and remarks serve disruptions alone."""
    for element in _named(reply, "AP"):
        kind, said = first(element, ".//freetextDetail/type"), first(element, ".//longFreetext")
        told = [tattoo for of, tattoo in _references(element) if of == "PT"]
        whose = who.passengers.get(told[0]) if told else None
        address = agents.email(said) if kind in _E_MAIL or "@" in said else None
        number = agents.phone(_MOBILE_MARK.sub("", said)) if kind in _TELEPHONE and not address else None
        if address:
            yield {"type": "email", "value": address, "passenger": whose, "verified": False}
        elif number:
            yield {"type": "phone", "value": number, "passenger": whose, "verified": False}
    spelt = [(f"{code} {_text(r)}", e) for code, r, e in _requests(reply, "CTCE", "CTCM")]
    spelt += [(first(e, ".//longFreetext"), e) for e in _named(reply, "OS")]
    for said, element in spelt:
        whose_are: list[int | None] = list(who.whose(element)) or [None]
        for passenger in whose_are:
            found = agents.contact(said, passenger)
            if found:
                yield found


def passports(reply: Element, who: Reference) -> dict[int, str]:
    found: dict[int, str] = {}
    for _, request, element in _requests(reply, "DOCS"):
        number, infant = agents.passport(_text(request))
        for passenger in who.whose(element, infant=infant) if number else []:
            found.setdefault(passenger, number or "")
    return found


def loyalty(reply: Element, who: Reference) -> dict[int, dict[str, str]]:
    """Frequent flyer numbers by passenger."""
    found: dict[int, dict[str, str]] = {}
    for _, request, element in _requests(reply, "FQTV"):
        told = element.find(".//frequentTraveller")
        told = told if told is not None else element.find(".//frequentTravellerDetails")
        number = first(told, "membershipNumber", "number") or _text(request).split("/")[0]
        carrier = first(told, "company", "carrier", "companyId") or first(request, "companyId")
        for passenger in who.whose(element):
            found.setdefault(passenger, {}).update(agents.programme(carrier, number))
    return found


def services(reply: Element, who: Reference) -> Iterator[Service]:
    for code, request, element in _requests(reply):
        if not agents.is_wish(code):
            continue
        seats = [first(s, "data") for s in every(element, "serviceRequest/ssrb") if first(s, "data")]
        for at, passenger in enumerate(who.whose(element)):
            text = seats[at] if at < len(seats) else _text(request)[:200] or None
            legs: list[int | None] = list(who.flown(element)) or [None]
            for leg in legs:
                yield {
                    "passenger": passenger,
                    "leg_number": leg,
                    "code": code,
                    "status": first(request, "status") or "HK",
                    "text": text,
                }


def fares(reply: Element, who: Reference) -> Money:
    """Of the stored fares (TST): each is for the passengers that it names."""
    money = Money()
    for stored in reply.iterfind("tstData"):
        told = {first(m, "qualifier"): m for m in every(stored, "fareData/monetaryInfo")}
        total = told.get("T")
        base = told.get("E", told.get("F", total))
        currency = first(total, "currencyCode")
        if total is None or not currency:
            continue
        if money.currency not in (NO_CURRENCY, currency):
            raise Unreadable("tstData.currencyCode", currency, f"{money.currency}, the currency of the booking")
        money.currency = currency
        is_infant = first(stored, "tstFreetext/longFreetext") == "INF"
        for passenger in who.whose(stored, infant=is_infant):
            paid = tickets.minor(first(total, "amount"), currency) or 0
            money.totals[passenger] = money.totals.get(passenger, 0) + paid
            same = first(base, "currencyCode") == currency
            part = tickets.minor(first(base, "amount"), currency) if same else None
            money.bases[passenger] = money.bases.get(passenger, 0) + (paid if part is None else part)
    return money


def coupons(reply: Element, who: Reference, money: Money, segments: list[Segment]) -> list[CouponSold]:
    """One a flight of the ticket, by the tickets (FA) that name passengers and flights."""
    mine: dict[int, list[tuple[str, int, int]]] = {}
    for element in _named(reply, "FA", "FHE"):
        found = _TICKET.search(first(element, ".//longFreetext"))
        if not found:
            continue
        legs = who.flown(element) or [segment["number"] for segment in segments]
        for passenger in who.whose(element, infant=found[1] == "INF"):
            told = mine.setdefault(passenger, [])
            told += [(found[2] + found[3], at, leg) for at, leg in enumerate(legs, start=1)]
    return [
        coupon
        for passenger, sold in mine.items()
        for coupon in tickets.sold(passenger, sold, money.bases.get(passenger, 0), segments)
    ]
