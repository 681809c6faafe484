"""What a reservation says, in the words of the airline: the shape that every format of every system is read into."""

from __future__ import annotations

from datetime import datetime
from typing import NotRequired, TypedDict

from profiles.models import EventKind

CHANNELS, STATUSES = ("web", "app", "agency", "phone", "gds"), ("active", "cancelled")
TYPES, CABINS = ("ADT", "CHD", "INF"), ("F", "C", "W", "Y")
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
