"""A booking in the words of the airline, and the columns it becomes: mentions of its passengers, facts, events.

Every reservation format is read into a `Booking` by its own connector and written down here, so that a booking means
the same whichever system told it. A contact belongs to a passenger where the record says so, or where one person
booked for one; what an agency leaves is the agency's, and nobody's identity. Contacts passed on for disruptions only
(IATA Resolution 830d) stand apart and identify nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NotRequired, TypedDict

import numpy as np

from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.addressees import addressee
from profiles.sources.contract import PERSON_FIELDS, Batch, Keys, Lines, Reject
from profiles.sources.json_lines import utc
from profiles.sources.places import distance_km, haul
from profiles.sources.travellers import traveller

CHANNELS, STATUSES = ("web", "app", "agency", "phone", "gds"), ("active", "cancelled")
TYPES, CABINS = ("ADT", "CHD", "INF"), ("F", "C", "W", "Y")
_SETTLED_AFTER = 500  # bookings
NO_CURRENCY = "X" * 3  # the code of ISO 4217 for no currency


class BookedPassenger(TypedDict):
    """`number` is the passenger's within the booking and never changes; `type` is one of TYPES."""

    number: int
    surname: str
    given_name: str | None
    type: str
    title: NotRequired[str | None]
    birth_date: NotRequired[str | None]
    gender: NotRequired[str | None]
    loyalty_number: NotRequired[str | None]
    suffix: NotRequired[str | None]
    account: NotRequired[str | None]  # of another airline's programme: programme and number
    passport: NotRequired[str | None]  # held for the law only: looked up by nobody but an authority's order


class Segment(TypedDict):
    """A flight of the booking, as it was sold. Times carry their offset; `cabin` is one of CABINS."""

    number: int
    carrier: str
    flight_number: str
    origin: str
    destination: str
    departs_at: datetime
    arrives_at: datetime
    cabin: str
    booking_class: str
    fare_basis: str
    status: str
    operating_carrier: NotRequired[str]  # who flies it, where another sold it
    operating_number: NotRequired[str]


class Contact(TypedDict):
    """`passenger` is None where it is the booking's. `for_disruptions`: an agent passed it on for that alone."""

    type: str  # email phone
    value: str
    passenger: int | None
    verified: bool
    for_disruptions: NotRequired[bool]


class CouponSold(TypedDict):
    ticket_number: str
    passenger: int
    number: int
    leg_number: int
    status: str  # open flown refunded exchanged void suspended
    fare_minor: int


class Extra(TypedDict):
    passenger: int
    leg_number: int | None
    code: str
    price_minor: int
    bought_at: datetime


class Service(TypedDict):
    """A special service request. Codes of the special categories (health, religion) are sealed and make no feature."""

    passenger: int
    leg_number: int | None
    code: str
    status: str
    text: str | None


class Happening(TypedDict):
    """What the record tells of a passenger's day of travel: checked in, so many bags checked."""

    passenger: int
    leg_number: int
    kind: EventKind  # CHECKED_IN BAG_CHECKED
    at: datetime
    quantity: int


class Booking(TypedDict):
    """A booking without segments tells of its passengers alone: a hotel, or flights that were never booked."""

    locator: str
    created_at: datetime
    modified_at: datetime
    point_of_sale: str | None
    channel: str
    agency: str | None
    currency: str
    total_minor: int
    status: str
    passengers: list[BookedPassenger]
    segments: list[Segment]
    contacts: list[Contact]
    coupons: list[CouponSold]
    ancillaries: list[Extra]
    services: NotRequired[list[Service]]
    happenings: NotRequired[list[Happening]]


class BookingColumns:
    """The columns that grow while bookings are read; `add` appends a whole booking or nothing."""

    def __init__(self) -> None:
        self.line: list[int] = []
        self.native_key: list[str] = []
        self.people: list[dict[str, Any]] = []  # not yet settled
        self.person: dict[str, list[Any]] = {name: [] for name in PERSON_FIELDS}
        self.email_verified: list[bool] = []
        self.traveller: list[str | None] = []
        self.account: list[str | None] = []
        self.passport: list[str | None] = []
        self.facts: dict[str, list[dict[str, Any]]] = defaultdict(list)  # not yet settled
        self.tables: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self.bookings = 0

    def add(self, line: int, booking: Booking) -> None:
        """Append a checked booking: passengers with numbers of their own, segments between airports that are known."""
        if not booking["segments"]:
            self._add_mentions(line, booking)
            return
        at, self.bookings = self.bookings, self.bookings + 1
        first = len(self.line)
        mention = {passenger["number"]: first + i for i, passenger in enumerate(booking["passengers"])}
        trip = _trip(booking["segments"])
        self.facts["bookings"].append(
            {
                "line": line,
                "locator": booking["locator"],
                "status": booking["status"],
                "channel": booking["channel"],
                "point_of_sale": booking["point_of_sale"],
                "agency": booking["agency"],
                "currency": booking["currency"],
                "total_minor": booking["total_minor"],
                "created_at": utc(booking["created_at"]),
                "modified_at": utc(booking["modified_at"]),
                "party_size": len(mention),
                **trip,
            }
        )
        self._add_mentions(line, booking)
        self.facts["passengers"] += [
            {
                "mention": mention[passenger["number"]],
                "booking": at,
                "number": passenger["number"],
                "passenger_type": passenger["type"],
            }
            for passenger in booking["passengers"]
        ]
        self.facts["legs"] += [_leg(at, segment) for segment in booking["segments"]]
        self.facts["services"] += [
            {
                "mention": mention[service["passenger"]],
                "booking": at,
                "leg_number": service["leg_number"],
                "code": service["code"],
                "status": service["status"],
                "text": service["text"],
            }
            for service in booking.get("services", [])
        ]
        self._add_coupons(booking, at, mention, trip)
        self._add_events(booking, at, mention, trip)
        if self.bookings % _SETTLED_AFTER == 0:
            self._settle()

    def _settle(self) -> None:
        """Turn rows into columns: a row is handy while a booking is read, and ten times as large."""
        for name, column in self.person.items():
            column += [one.get(name) for one in self.people]
        self.people.clear()
        for kind, rows in self.facts.items():
            for name in rows[0] if rows else ():
                self.tables[kind][name] += [row[name] for row in rows]
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
        if any(self.account):
            keys.append(Keys(IdentifierKind.ACCOUNT, self.account, every))
        if any(self.passport):
            keys.append(Keys(IdentifierKind.PASSPORT, self.passport, none, Purpose.LEGAL_OBLIGATION))
        return Batch(
            lines,
            np.array(self.line, dtype=np.int64),
            self.native_key,
            person,
            keys,
            {kind: dict(table) for kind, table in self.tables.items()},
            rejects,
            party=True,
        )

    def _add_mentions(self, line: int, booking: Booking) -> None:
        passengers = booking["passengers"]
        contacts = list(_with_owners(booking))
        for passenger in passengers:
            key = traveller(booking["locator"], passenger["surname"], passenger["given_name"])
            number = passenger["number"]
            mine = [c for c in contacts if c["passenger"] == number]
            email = next((c for c in mine if c["type"] == "email" and not c.get("for_disruptions")), None)
            phone = next((c for c in mine if c["type"] == "phone" and not c.get("for_disruptions")), None)
            urgent = {f"irops_{c['type']}": c["value"] for c in mine if c.get("for_disruptions")}
            self.line.append(line)
            self.native_key.append(f"{booking['locator']}/{booking['created_at'].date()}/{number}")
            self.email_verified.append(bool(email and email["verified"]))
            # Father and son of one name in one booking: resolving says that the name in it is nobody's alone.
            self.traveller.append(key)
            self.account.append(passenger.get("account"))
            self.passport.append(passenger.get("passport"))
            values: dict[str, Any] = {**passenger, **urgent}
            values["email"], values["phone"] = email and email["value"], phone and phone["value"]
            self.people.append(values)

    def _add_coupons(self, booking: Booking, at: int, mention: dict[int, int], trip: dict[str, Any]) -> None:
        legs = {segment["number"]: segment for segment in booking["segments"]}
        route = f"{trip['origin']}-{trip['destination']}"
        for coupon in booking["coupons"]:
            row = {"mention": mention[coupon["passenger"]], "booking": at, "currency": booking["currency"]}
            self.facts["coupons"].append({**row, **coupon})
            leg = legs.get(coupon["leg_number"])
            if coupon["status"] == "flown" and leg:
                self._event(row, EventKind.COUPON_FLOWN, utc(leg["departs_at"]), coupon["fare_minor"],
                            booking["channel"], item=f"{leg['origin']}-{leg['destination']}", cabin=leg["cabin"],
                            haul=haul(leg["origin"], leg["destination"]))  # fmt: skip
            elif coupon["status"] == "refunded":
                at_change = utc(booking["modified_at"])
                self._event(row, EventKind.REFUND, at_change, coupon["fare_minor"], booking["channel"], item=route)

    def _add_events(self, booking: Booking, at: int, mention: dict[int, int], trip: dict[str, Any]) -> None:
        currency, channel, created = booking["currency"], booking["channel"], utc(booking["created_at"])
        cabin, route = booking["segments"][0]["cabin"], f"{trip['origin']}-{trip['destination']}"
        paid: dict[int, int] = defaultdict(int)
        for coupon in booking["coupons"]:
            paid[coupon["passenger"]] += coupon["fare_minor"]
        if not booking["coupons"]:  # no ticket says who pays what: everybody the same
            fares = booking["total_minor"] - sum(extra["price_minor"] for extra in booking["ancillaries"])
            paid.update(dict.fromkeys(mention, max(fares, 0) // len(mention)))
        span = haul(trip["origin"], trip["destination"])
        common: dict[str, Any] = {
            "item": route,
            "cabin": cabin,
            "haul": span,
            "lead_days": _days(created, trip["departs_at"]),
        }
        for number, who in mention.items():
            row = {"mention": who, "booking": at, "currency": currency}
            made, gone = EventKind.BOOKING_MADE, EventKind.BOOKING_CANCELLED
            self._event(row, made, created, paid[number], channel, quantity=len(mention), **common)
            if booking["status"] == "cancelled":
                self._event(row, gone, utc(booking["modified_at"]), paid[number], channel, **common)
        for extra in booking["ancillaries"]:
            row = {"mention": mention[extra["passenger"]], "booking": at, "currency": currency}
            bought = utc(extra["bought_at"])
            self.facts["ancillaries"].append({**row, **extra, "bought_at": bought})
            self._event(row, EventKind.ANCILLARY_BOUGHT, bought, extra["price_minor"], channel, item=extra["code"],
                        cabin=cabin, haul=span, lead_days=_days(bought, trip["departs_at"]))  # fmt: skip
        self._add_happenings(booking, at, mention)

    def _add_happenings(self, booking: Booking, at: int, mention: dict[int, int]) -> None:
        legs = {segment["number"]: segment for segment in booking["segments"]}
        for told in booking.get("happenings", []):
            leg = legs[told["leg_number"]]
            row = {"mention": mention[told["passenger"]], "booking": at, "currency": None}
            self._event(row, told["kind"], utc(told["at"]), -1, booking["channel"], quantity=told["quantity"],
                        item=f"{leg['origin']}-{leg['destination']}", cabin=leg["cabin"],
                        haul=haul(leg["origin"], leg["destination"]))  # fmt: skip

    def _event(
        self,
        row: dict[str, Any],
        kind: EventKind,
        at: datetime,
        value_minor: int,
        channel: str,
        *,
        item: str,
        quantity: int = 1,
        cabin: str | None = None,
        haul: str | None = None,
        lead_days: int | None = None,
    ) -> None:
        self.facts["events"].append(
            {
                **row,
                "kind": kind.value,
                "occurred_at": at,
                "value_minor": value_minor,
                "channel": channel,
                "item": item,
                "quantity": quantity,
                "cabin": cabin,
                "haul": haul,
                "lead_days": lead_days,
            }
        )


def _with_owners(booking: Booking) -> Iterator[Contact]:
    """The contacts, those of nobody given to whom they can only belong: to the one who booked alone, or to whom the
    address names, and then the telephone beside it too. What an agency leaves is the agency's, unless it names one."""
    passengers, direct = booking["passengers"], not booking["agency"]
    alone = len(passengers) == 1 and direct
    named = _addressees(booking)
    addresses = sum(c["type"] == "email" and not c["passenger"] for c in booking["contacts"])
    # One customer left one address, and the telephone with it.
    booker = 0 if alone else next(iter(named.values())) if direct and len(named) == addresses == 1 else None
    for contact in booking["contacts"]:
        urgent = contact.get("for_disruptions") and not alone
        at = None if contact["passenger"] or urgent else named.get(contact["value"], booker)
        yield contact if at is None else {**contact, "passenger": passengers[at]["number"]}


def _addressees(booking: Booking) -> dict[str, int]:
    """By address that nobody is said to have, the place of the passenger whom it names; others are absent."""
    names = [(passenger["given_name"], passenger["surname"]) for passenger in booking["passengers"]]
    loose = [c["value"] for c in booking["contacts"] if c["type"] == "email" and not c["passenger"]]
    found = {value: addressee(value, names) for value in loose}
    return {value: at for value, at in found.items() if at is not None}


def _leg(booking: int, segment: Segment) -> dict[str, Any]:
    departs = segment["departs_at"]
    return {
        "booking": booking,
        "number": segment["number"],
        "carrier": segment["carrier"],
        "flight_number": segment["flight_number"],
        "origin": segment["origin"],
        "destination": segment["destination"],
        "cabin": segment["cabin"],
        "booking_class": segment["booking_class"],
        "fare_basis": segment["fare_basis"],
        "status": segment["status"],
        "operating_carrier": segment.get("operating_carrier", ""),
        "operating_number": segment.get("operating_number", ""),
        "departs_at": utc(departs),
        "departs_zone": _offset(departs.utcoffset() or timedelta(0)),
        "arrives_at": utc(segment["arrives_at"]),
    }


@lru_cache(maxsize=1_000)
def _offset(from_utc: timedelta) -> str:
    """`+02:00`."""
    minutes = round(from_utc.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _trip(segments: list[Segment]) -> dict[str, Any]:
    """Where the trip goes: to the airport furthest from its origin; and when it comes back, if it does."""
    origin = segments[0]["origin"]
    distances = [distance_km(origin, s["destination"]) or 0.0 for s in segments]
    turn = distances.index(max(distances))
    back = segments[turn + 1] if turn + 1 < len(segments) else None
    return {
        "origin": origin,
        "destination": segments[turn]["destination"],
        "departs_at": utc(segments[0]["departs_at"]),
        "returns_at": utc(back["departs_at"]) if back else None,
    }


def _days(earlier: datetime, later: datetime) -> int:
    return max(min((later - earlier).days, 32_000), -1)
