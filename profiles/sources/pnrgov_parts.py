"""What the segments of a passenger name record tell, each kind by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Named:
    """A passenger as TIF and what follows it tell; `at` is the place among the TIFs, `reference` the sender's own."""

    at: int
    surname: str
    given_name: str | None
    type: str
    reference: str
    programmes: list[tuple[str, str]] = field(default_factory=list)
    fare_basis: str = ""
    tickets: list[str] = field(default_factory=list)
    base: tuple[str, str] | None = None
    total: tuple[str, str] | None = None
    number: int = 0
    erased: bool = False


@dataclass(slots=True)
class Flown:
    """A flight as TVL and what follows it tell."""

    carriers: list[str]
    number: str
    booking_class: str
    origin: str
    destination: str
    departs: datetime
    arrives: datetime | None
    status: str = "HK"
    operating: tuple[str, str] = ("", "")
    checked_in: datetime | None = None
    aboard: list[int] = field(default_factory=list)  # places of the passengers whose check-in is told
    seats: list[tuple[int, str, str]] = field(default_factory=list)  # place of the passenger, seat, cabin
    bags: list[tuple[int, int]] = field(default_factory=list)  # place of the passenger, how many


@dataclass(slots=True)
class Request:
    """An SSR: for which passenger and flight by their places, -1 where it is not said; data by reference."""

    code: str
    status: str
    quantity: str
    origin: str
    destination: str
    text: str
    passenger: int
    flight: int
    details: list[tuple[str, str]]


@dataclass(slots=True)
class Excess:
    """Baggage paid for beside the fare: so many units at so much."""

    passenger: int
    flight: int
    rate: str
    currency: str
    units: str
