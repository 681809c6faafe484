"""What a passenger name record told, as a booking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from profiles.models import EventKind
from profiles.sources import agents, flights, tickets
from profiles.sources.json_lines import Unreadable
from profiles.sources.pnrgov_parts import Flown, Named, Request
from profiles.sources.pnrgov_record import Record
from profiles.sources.reservation import (
    NO_CURRENCY,
    BookedPassenger,
    Booking,
    Contact,
    CouponSold,
    Extra,
    Happening,
    Segment,
    Service,
)
from profiles.sources.travellers import title_of, without_suffix, without_title

_AGENTS = frozenset("ENT")  # PADIS 9972: an accredited agency, one that is not, a reservation service
_NO_SEAT = frozenset({"", "X" * 3})  # senders fill the place of a seat with the letter
_LONGEST_TEXT = 200


def booking_of(record: Record) -> Booking:
    """The booking that the record tells of. Raises Unreadable."""
    present = [p for p in record.passengers if not p.erased]
    if not present:
        raise Unreadable("TIF", None, "at least one named passenger")
    created = _created(record)
    if created is None:
        raise Unreadable("RCI", None, "a creation date, or a date of ticketing or change (DAT)")
    segments = [_segment(record, flight, number) for number, flight in enumerate(record.flights, start=1)]
    currency, coupons, total = _fares(record, present, segments)
    extras = _extras(record, present, created, currency) if segments else []
    if currency == NO_CURRENCY and extras:
        currency = record.excess[0].currency
    created_at = created.replace(tzinfo=UTC)
    return {
        "locator": record.locator,
        "created_at": created_at,
        "modified_at": max((record.modified or created).replace(tzinfo=UTC), created_at),
        "point_of_sale": record.country[:3] or None,
        **_sold_by(record),  # type: ignore[typeddict-item]
        "currency": currency,
        "total_minor": total + sum(extra["price_minor"] for extra in extras),
        "status": flights.status_of(segments),
        "passengers": [
            _passenger(record, p, (segments[0]["departs_at"] if segments else created).date()) for p in present
        ],
        "segments": segments,
        "contacts": _contacts(record, present),
        "coupons": coupons,
        "ancillaries": extras,
        "services": list(_services(record, segments)),
        "happenings": list(_happenings(record, segments)),
    }


def _created(record: Record) -> datetime | None:
    """When the booking was made; where no RCI tells, a moment that is the same in every push of the same booking.

    Tickets are issued once; then comes the first flight, the latest day on which it can have been made. The last
    change differs from push to push, and serves where there is nothing else.
    """
    told = flights.moment_of(record.created_day, record.created_time) or record.ticketed
    departures = [flight.departs for flight in (*record.flights, *record.lost)]
    return told or min(departures, default=None) or record.modified


def _sold_by(record: Record) -> dict[str, str | None]:
    """Through which channel, and by which agency. A reservation system that is not the airline's stands for agents."""
    if record.originator_type in _AGENTS:
        return {"channel": "agency", "agency": (record.agency or record.office or record.originator)[:10] or None}
    if record.originator_type == "A":
        return {"channel": "phone", "agency": None}
    foreign = record.originator[:1].isdecimal() and record.originator != record.system
    return {"channel": "gds", "agency": (record.agency or record.office or record.originator)[:10] if foreign else None}


def _segment(record: Record, flight: Flown, number: int) -> Segment:
    fares = [p.fare_basis for p in record.passengers if p.fare_basis]
    designators = [cabin for *_, cabin in flight.seats if cabin]
    return flights.flight(
        number,
        carrier=flight.carriers[0],
        flight_number=flight.number,
        origin=flight.origin,
        destination=flight.destination,
        departs=flight.departs,
        arrives=flight.arrives,
        booking_class=flight.booking_class,
        cabin=designators[0] if designators else None,
        fare_basis=fares[0] if fares else None,
        status=flight.status,
        operating=flight.operating if flight.operating[0] else ("".join(flight.carriers[1:2]), ""),
        path=f"TVL[{number}].",
    )


def _passenger(record: Record, named: Named, on: date) -> BookedPassenger:
    surname, suffix = without_suffix(named.surname)
    passenger: dict[str, Any] = {
        "number": named.number,
        "surname": surname,
        "given_name": named.given_name,
        "title": title_of(named.given_name or ""),
        "suffix": suffix,
        "type": agents.passenger_type(named.type),
    }
    for carrier, number in named.programmes:
        passenger |= agents.programme(carrier, number)
    passenger["birth_date"] = _birth_date(record, named, on) if passenger["type"] != "ADT" else None
    passenger["passport"] = next(_passports(record, named, passenger["type"] == "INF"), None)
    return passenger  # type: ignore[return-value]


def _birth_date(record: Record, named: Named, on: date) -> str | None:
    """Children's and infants' fares hang on it: `BELT/SOPHY 20SEP12` of an INFT, `10AUG11` of a CHLD."""
    mark = without_title(named.given_name or "").split(" ")[0].upper()
    for request in record.documents:
        if request.code == "INFT" and mark and mark in request.text.upper():
            return flights.telex_day(request.text.rstrip("/").replace("/", " ").split(" ")[-1], not_after=on)
        if request.code == "CHLD" and named in _whose(record, request):
            return flights.telex_day(request.text.strip("/ ")[:7], not_after=on)
    return None


def _passports(record: Record, named: Named, is_infant: bool) -> Iterator[str]:
    """Of the documents under an adult's name those of the infant are marked by the sex: MI, FI."""
    for request in record.documents:
        if request.code == "DOCS":
            number, infants = agents.passport(request.text)
            if number and (is_infant if infants else named in _whose(record, request)):
                yield number


def _whose(record: Record, request: Request) -> list[Named]:
    """The passengers that a request is for: as its references say, else under whose name it stands, else everybody
    where it is for as many."""
    references = {reference for _, reference in request.details if reference}
    if references:
        return [p for p in record.passengers if p.reference in references]
    if request.passenger >= 0:
        return [record.passengers[request.passenger]]
    if len(record.passengers) == 1 or request.quantity == str(len(record.passengers)):
        return record.passengers
    return []


def _contacts(record: Record, present: list[Named]) -> list[Contact]:
    only = present[0].number if len(present) == 1 else None
    found: list[Contact | None] = []
    for place, text in record.remarks:
        whose = record.passengers[place] if place >= 0 else None
        if whose is None or not whose.erased:
            found.append(agents.contact(text, whose.number if whose else only))
    for request in record.reachable:
        spelt = f"{request.code} {request.text}"
        found += [agents.contact(spelt, p.number) for p in _whose(record, request) if not p.erased]
    for said in record.phones:
        number = agents.phone(said)
        if number:
            found.append({"type": "phone", "value": number, "passenger": None, "verified": False})
    return [contact for contact in found if contact]


def _fares(record: Record, present: list[Named], segments: list[Segment]) -> tuple[str, list[CouponSold], int]:
    """The booking's currency, its coupons, and what its passengers pay in all."""
    told = [(p, p.base or p.total, p.total or p.base) for p in present]
    currencies = {money[1] for _, base, total in told for money in (base, total) if money and money[1]}
    if len(currencies) > 1:
        raise Unreadable("MON", ", ".join(sorted(currencies)), "one currency in a booking")
    currency = next(iter(currencies), record.currency) or NO_CURRENCY
    coupons: list[CouponSold] = []
    whole = 0
    for passenger, base, total in told:
        whole += _amount(total, currency)
        mine = _coupons(record, passenger, segments)
        if mine:
            coupons += tickets.sold(passenger.number, mine, _amount(base, currency), segments)
    return currency, coupons, whole


def _amount(money: tuple[str, str] | None, currency: str) -> int:
    if money is None or not money[0].strip():
        return 0
    minor = tickets.minor(money[0], currency)
    if minor is None:
        raise Unreadable("MON", money[0], "an amount that is not negative")
    return minor


def _coupons(record: Record, passenger: Named, segments: list[Segment]) -> list[tuple[str, int, int]]:
    """Coupon by coupon where SSR TKNE tells them, else one a flight of the first ticket."""
    is_infant = agents.passenger_type(passenger.type) == "INF"
    found: dict[tuple[str, int], int] = {}
    for request in record.e_tickets:
        told = tickets.electronic(request.text)
        if told is None or (told[0] and not is_infant) or (not told[0] and passenger not in _whose(record, request)):
            continue
        leg = _leg(request, segments)
        if leg:
            found.setdefault(told[1:], leg)
    if found:
        return [(ticket, coupon, leg) for (ticket, coupon), leg in found.items()]
    number = next((known for text in passenger.tickets if (known := tickets.ticket_number(text))), None)
    return tickets.one_a_leg(number, segments) if number else []


def _leg(request: Request, segments: list[Segment]) -> int | None:
    """The number of the flight that a request is for."""
    if request.flight >= 0:
        return request.flight + 1
    for segment in segments:
        if (segment["origin"], segment["destination"]) == (request.origin, request.destination):
            return segment["number"]
    return None


def _extras(record: Record, present: list[Named], created: datetime, currency: str) -> list[Extra]:
    """Baggage beyond the allowance that was paid for."""
    extras: list[Extra] = []
    bought_at = (record.ticketed or created).replace(tzinfo=UTC)
    for excess in record.excess:
        whose = record.passengers[excess.passenger] if excess.passenger >= 0 else present[0]
        price = tickets.minor(excess.rate, excess.currency)
        if whose.erased or not price:
            continue
        if excess.currency not in (currency, "") and currency != NO_CURRENCY:
            raise Unreadable("EBD", excess.currency, f"{currency}, the currency of the booking")
        units = int(excess.units) if excess.units.isdecimal() else 1
        extras.append(
            {
                "passenger": whose.number,
                "leg_number": excess.flight + 1 if excess.flight >= 0 else None,
                "code": "extra_bag",
                "price_minor": price * max(units, 1),
                "bought_at": bought_at,
            }
        )
    return extras


def _services(record: Record, segments: list[Segment]) -> Iterator[Service]:
    """Wishes, each once; and the seats that passengers got where no request told them."""
    seen: set[tuple[int, int | None, str, str | None]] = set()
    seated: set[tuple[int, int | None]] = set()
    for request in record.wishes:
        leg = _leg(request, segments)
        told = {reference: data for data, reference in request.details}
        for passenger in _whose(record, request):
            text = (told.get(passenger.reference) or request.text)[:_LONGEST_TEXT] or None
            key = (passenger.number, leg, request.code, text)
            if passenger.erased or key in seen or (request.code == "SEAT" and (text or "") in _NO_SEAT):
                continue
            seen.add(key)
            if request.code == "SEAT":
                seated.add((passenger.number, leg))
            yield _service(passenger, leg, request.code, request.status, text)
    for leg, flight in enumerate(record.flights, start=1):
        for place, seat, _ in flight.seats:
            passenger = record.passengers[place]
            on_lap = agents.passenger_type(passenger.type) == "INF"
            if seat not in _NO_SEAT and (passenger.number, leg) not in seated and not passenger.erased and not on_lap:
                seated.add((passenger.number, leg))
                yield _service(passenger, leg, "SEAT", "HK", seat.lstrip("0"))


def _service(passenger: Named, leg: int | None, code: str, status: str, text: str | None) -> Service:
    return {"passenger": passenger.number, "leg_number": leg, "code": code, "status": status or "HK", "text": text}


def _happenings(record: Record, segments: list[Segment]) -> Iterator[Happening]:
    """Who checked in, and with how many bags; at departure where the moment is not told."""
    for segment, flight in zip(segments, record.flights, strict=True):
        at = flight.checked_in.replace(tzinfo=UTC) if flight.checked_in else segment["departs_at"]
        for place in dict.fromkeys(flight.aboard if flight.checked_in else []):
            yield from _happening(record.passengers[place], segment, EventKind.CHECKED_IN, at, 1)
        for place, many in dict(flight.bags).items():
            yield from _happening(record.passengers[place], segment, EventKind.BAG_CHECKED, at, many)


def _happening(passenger: Named, segment: Segment, kind: EventKind, at: datetime, quantity: int) -> Iterator[Happening]:
    if not passenger.erased:
        yield {
            "passenger": passenger.number,
            "leg_number": segment["number"],
            "kind": kind,
            "at": at,
            "quantity": quantity,
        }
