"""The columns that a booking becomes: mentions of its passengers, facts, events.

Every reservation format is read into a `reservation.Booking` by its own connector and written down here, so that a
booking means the same whichever system told it. A contact belongs to a passenger where the record says so, or as
`contact_owners` says; what an agency leaves is the agency's, and nobody's identity. Contacts passed on for disruptions
only (IATA Resolution 830d) stand apart and identify nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.contact_owners import with_owners
from profiles.sources.contract import PERSON_FIELDS, Batch, Keys, Lines, Reject
from profiles.sources.json_lines import utc
from profiles.sources.namesakes import tickets_of_namesakes
from profiles.sources.places import distance_km, haul
from profiles.sources.reservation import Booking, Segment
from profiles.sources.travellers import traveller

_SETTLED_AFTER = 500  # bookings
# What a booking becomes, by kind of fact; rows while bookings are read, columns when they are settled.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "bookings": (
        *("line", "locator", "status", "channel", "point_of_sale", "agency", "currency", "total_minor", "created_at"),
        *("modified_at", "party_size", "origin", "destination", "departs_at", "returns_at"),
    ),
    "passengers": ("mention", "booking", "number", "passenger_type"),
    "legs": (
        *("booking", "number", "carrier", "flight_number", "origin", "destination", "cabin", "booking_class"),
        *("fare_basis", "status", "operating_carrier", "operating_number", "departs_at", "departs_zone", "arrives_at"),
    ),
    "services": ("mention", "booking", "leg_number", "code", "status", "text"),
    "coupons": (
        *("mention", "booking", "currency", "ticket_number", "passenger", "number", "leg_number", "status"),
        "fare_minor",
    ),
    "ancillaries": ("mention", "booking", "currency", "passenger", "leg_number", "code", "price_minor", "bought_at"),
    "events": (
        *("mention", "booking", "currency", "kind", "occurred_at", "value_minor", "channel", "item", "quantity"),
        *("cabin", "haul", "lead_days"),
    ),
}
_FLOWN, _REFUND = EventKind.COUPON_FLOWN.value, EventKind.REFUND.value
_MADE, _CANCELLED = EventKind.BOOKING_MADE.value, EventKind.BOOKING_CANCELLED.value
_BOUGHT = EventKind.ANCILLARY_BOUGHT.value


@dataclass(frozen=True, slots=True)
class _Told:
    """A booking that is being written down: its number, the mention of each passenger, its trip in UTC."""

    booking: Booking
    at: int
    mention: dict[int, int]
    flown: list[tuple[Segment, datetime]]  # with the departure
    legs: dict[int, tuple[Segment, datetime]]
    origin: str
    destination: str
    departs: datetime
    returns: datetime | None

    @property
    def route(self) -> str:
        return f"{self.origin}-{self.destination}"

    @property
    def haul(self) -> str | None:
        return haul(self.origin, self.destination)

    def on(self, leg_number: int) -> tuple[str, str, str | None]:
        """Route, cabin and haul of one of its flights."""
        leg = self.legs[leg_number][0]
        return f"{leg['origin']}-{leg['destination']}", leg["cabin"], haul(leg["origin"], leg["destination"])


class BookingColumns:
    """The columns that grow while bookings are read; `add` appends a whole booking or nothing."""

    def __init__(self) -> None:
        self.line: list[int] = []
        self.native_key: list[str] = []
        self.people: list[dict[str, Any]] = []  # not yet settled
        self.person: dict[str, list[Any]] = {name: [] for name in PERSON_FIELDS}
        self.email_verified: list[bool] = []
        self.traveller: list[str | None] = []
        self.ticket: list[str | None] = []  # of namesakes in one booking, whom their names do not tell apart
        self.account: list[str | None] = []
        self.passport: list[str | None] = []
        self.facts: dict[str, list[tuple[Any, ...]]] = {kind: [] for kind in _COLUMNS}  # not yet settled
        self.tables: dict[str, dict[str, list[Any]]] = {}
        self.bookings = 0

    def add(self, line: int, booking: Booking) -> None:
        """Append a checked booking: passengers with numbers of their own, segments between airports that are known."""
        first = len(self.line)
        self._add_mentions(line, booking)
        if not booking["segments"]:
            return
        told = _told(booking, self.bookings, first)
        self.bookings += 1
        self._add_booking(line, told)
        self._add_coupons(told)
        self._add_journeys(told)
        self._add_extras(told)
        self._add_happenings(told)
        if self.bookings % _SETTLED_AFTER == 0:
            self._settle()

    def _settle(self) -> None:
        """Turn rows into columns: a row is handy while a booking is read, and larger."""
        told: set[str] = set().union(*self.people)
        for name, column in self.person.items():
            column += [one.get(name) for one in self.people] if name in told else [None] * len(self.people)
        self.people.clear()
        for kind, rows in self.facts.items():
            if rows:
                table = self.tables.setdefault(kind, {name: [] for name in _COLUMNS[kind]})
                for name, values in zip(_COLUMNS[kind], zip(*rows, strict=True), strict=True):
                    table[name] += values
                rows.clear()

    def batch(self, lines: Lines, rejects: list[Reject]) -> Batch:
        """Everything added, as the batch of these lines."""
        self._settle()
        count, person = len(self.line), self.person
        every, none = np.ones(count, dtype=bool), np.zeros(count, dtype=bool)
        named = np.array([key is not None for key in self.traveller], dtype=bool)
        keys = [
            Keys(IdentifierKind.LOYALTY_NUMBER, person["loyalty_number"], every),
            Keys(IdentifierKind.EMAIL, person["email"], np.array(self.email_verified, dtype=bool)),
            Keys(IdentifierKind.PHONE, person["phone"], none),
            Keys(IdentifierKind.TRAVELLER, self.traveller, named),
        ]
        if any(self.ticket):
            keys.append(Keys(IdentifierKind.ACCOUNT, self.ticket, every))
        if any(self.account):
            keys.append(Keys(IdentifierKind.ACCOUNT, self.account, every))
        if any(self.passport):
            keys.append(Keys(IdentifierKind.PASSPORT, self.passport, none, Purpose.LEGAL_OBLIGATION))
        line = np.array(self.line, dtype=np.int64)
        return Batch(lines, line, self.native_key, person, keys, self.tables, rejects, party=True)

    def _add_mentions(self, line: int, booking: Booking) -> None:
        contacts = list(with_owners(booking))
        stem = f"{booking['locator']}/{booking['created_at'].date()}"
        names = {
            p["number"]: traveller(booking["locator"], p["surname"], p["given_name"]) for p in booking["passengers"]
        }
        tickets = tickets_of_namesakes(booking["coupons"], names) if len(set(names.values())) < len(names) else {}
        for passenger in booking["passengers"]:
            number = passenger["number"]
            values: dict[str, Any] = {**passenger, "email": None, "phone": None}
            verified = False
            for contact in contacts:
                if contact["passenger"] != number:
                    continue
                kind = contact["type"]
                if contact.get("for_disruptions"):
                    values[f"irops_{kind}"] = contact["value"]
                elif values[kind] is None:
                    values[kind] = contact["value"]
                    verified = contact["verified"] if kind == "email" else verified
            self.line.append(line)
            self.native_key.append(f"{stem}/{number}")
            self.email_verified.append(verified)
            # Father and son of one name in one booking: resolving says that the name in it is nobody's alone.
            self.traveller.append(names[number])
            self.ticket.append(tickets.get(number))
            self.account.append(passenger.get("account"))
            self.passport.append(passenger.get("passport"))
            self.people.append(values)

    def _add_booking(self, line: int, told: _Told) -> None:
        booking, at, mention = told.booking, told.at, told.mention
        self.facts["bookings"].append((
            line, booking["locator"], booking["status"], booking["channel"], booking["point_of_sale"],
            booking["agency"], booking["currency"], booking["total_minor"], utc(booking["created_at"]),
            utc(booking["modified_at"]), len(mention), told.origin, told.destination, told.departs, told.returns,
        ))  # fmt: skip
        self.facts["passengers"] += [(mention[p["number"]], at, p["number"], p["type"]) for p in booking["passengers"]]
        self.facts["legs"] += [_leg(at, segment, leaves) for segment, leaves in told.flown]
        self.facts["services"] += [
            (mention[s["passenger"]], at, s["leg_number"], s["code"], s["status"], s["text"])
            for s in booking.get("services", ())
        ]

    def _add_coupons(self, told: _Told) -> None:
        booking, at, mention = told.booking, told.at, told.mention
        currency, channel = booking["currency"], booking["channel"]
        coupons, events = self.facts["coupons"], self.facts["events"]
        for coupon in booking["coupons"]:
            passenger, number, fare, status = (
                coupon["passenger"], coupon["leg_number"], coupon["fare_minor"], coupon["status"],
            )  # fmt: skip
            who = mention[passenger]
            coupons.append(
                (who, at, currency, coupon["ticket_number"], passenger, coupon["number"], number, status, fare)
            )
            if status == "flown" and number in told.legs:
                route, cabin, span = told.on(number)
                leaves = told.legs[number][1]
                events.append((who, at, currency, _FLOWN, leaves, fare, channel, route, 1, cabin, span, None))
            elif status == "refunded":
                moment = utc(booking["modified_at"])
                events.append((who, at, currency, _REFUND, moment, fare, channel, told.route, 1, None, None, None))

    def _add_journeys(self, told: _Told) -> None:
        """That each passenger's booking was made, and cancelled, with what the passenger pays."""
        booking, mention = told.booking, told.mention
        created, cabin, events = utc(booking["created_at"]), booking["segments"][0]["cabin"], self.facts["events"]
        common = (booking["channel"], told.route)
        place = (cabin, told.haul, _days(created, told.departs))
        paid = _paid(booking, mention)
        for number, who in mention.items():
            row = (who, told.at, booking["currency"])
            events.append((*row, _MADE, created, paid.get(number, 0), *common, len(mention), *place))
            if booking["status"] == "cancelled":
                modified = utc(booking["modified_at"])
                events.append((*row, _CANCELLED, modified, paid.get(number, 0), *common, 1, *place))

    def _add_extras(self, told: _Told) -> None:
        booking = told.booking
        currency, cabin = booking["currency"], booking["segments"][0]["cabin"]
        for extra in booking["ancillaries"]:
            bought, code, price = utc(extra["bought_at"]), extra["code"], extra["price_minor"]
            row = (told.mention[extra["passenger"]], told.at, currency)
            self.facts["ancillaries"].append((*row, extra["passenger"], extra["leg_number"], code, price, bought))
            place = (cabin, told.haul, _days(bought, told.departs))
            self.facts["events"].append((*row, _BOUGHT, bought, price, booking["channel"], code, 1, *place))

    def _add_happenings(self, told: _Told) -> None:
        for happening in told.booking.get("happenings", ()):
            route, cabin, span = told.on(happening["leg_number"])
            row = (told.mention[happening["passenger"]], told.at, None, happening["kind"].value, utc(happening["at"]))
            what = (-1, told.booking["channel"], route, happening["quantity"], cabin, span, None)
            self.facts["events"].append((*row, *what))


def _told(booking: Booking, at: int, first: int) -> _Told:
    """Where the trip goes: to the airport furthest from its origin; and when it comes back, if it does."""
    segments = booking["segments"]
    flown = [(segment, utc(segment["departs_at"])) for segment in segments]
    origin, turn = segments[0]["origin"], 0
    if len(segments) > 1:
        distances = [distance_km(origin, segment["destination"]) or 0.0 for segment in segments]
        turn = distances.index(max(distances))
    return _Told(
        booking,
        at,
        {passenger["number"]: who for who, passenger in enumerate(booking["passengers"], first)},
        flown,
        {leg[0]["number"]: leg for leg in flown},
        origin,
        segments[turn]["destination"],
        flown[0][1],
        flown[turn + 1][1] if turn + 1 < len(flown) else None,
    )


def _paid(booking: Booking, mention: dict[int, int]) -> dict[int, int]:
    """What each passenger pays: by the tickets, or everybody the same where none says."""
    if not booking["coupons"]:
        fares = booking["total_minor"] - sum(extra["price_minor"] for extra in booking["ancillaries"])
        return dict.fromkeys(mention, max(fares, 0) // len(mention))
    paid: dict[int, int] = {}
    for coupon in booking["coupons"]:
        paid[coupon["passenger"]] = paid.get(coupon["passenger"], 0) + coupon["fare_minor"]
    return paid


def _leg(booking: int, segment: Segment, leaves: datetime) -> tuple[Any, ...]:
    return (
        booking, segment["number"], segment["carrier"], segment["flight_number"], segment["origin"],
        segment["destination"], segment["cabin"], segment["booking_class"], segment["fare_basis"], segment["status"],
        segment.get("operating_carrier", ""), segment.get("operating_number", ""),
        leaves, _offset(segment["departs_at"].utcoffset() or timedelta(0)), utc(segment["arrives_at"]),
    )  # fmt: skip


@lru_cache(maxsize=1_000)
def _offset(from_utc: timedelta) -> int:
    """In minutes."""
    return round(from_utc.total_seconds() / 60)


def _days(earlier: datetime, later: datetime) -> int:
    return max(min((later - earlier).days, 32_000), -1)
