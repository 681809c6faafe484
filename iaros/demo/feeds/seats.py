"""Who sat, or was to sit, on which flight: what departure control, the gate and the ticket office know of a booking.

Names are those of the reservation, slips of the finger included: an airport reads what was booked.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from iaros.demo.block import Block
from iaros.demo.fares import CABINS, CURRENCY_OF, PER_EURO
from iaros.demo.feeds import passengers, pnr
from iaros.demo.names import telex
from iaros.demo.seasons import DAY, END, FIRST_DAY_NUMBER

STATES = ("open", "flown", "refunded", "no_show")


@dataclass(frozen=True)
class Seat:
    """One coupon of a traveller. `at` is the departure in UTC seconds, `local` on the airport's clock."""

    person: int
    trip: int
    locator: str
    surname: str
    given: str
    member: str | None
    ticket: str
    coupon: int
    flight: str
    origin: str
    destination: str
    at: int
    local: datetime
    rbd: str
    cabin: str
    state: str
    minor: int
    currency: str

    @property
    def day(self) -> str:
        return f"{self.local:%d%b}".upper()

    @property
    def name(self) -> str:
        return f"{self.surname}/{self.given}"


def between(block: Block, earliest: int, latest: int) -> list[Seat]:
    """The seats of flights that depart between these moments, of bookings made before the end, by departure."""
    legs, coupons, travellers, trips = block.legs, block.coupons, block.travellers, block.trips
    departs = legs.departs[coupons.leg]
    booked = trips.created[travellers.trip[coupons.traveller]] < END
    chosen = np.flatnonzero(booked & (departs >= earliest) & (departs < latest))
    return [_seat(block, at, _names(block)) for at in chosen[np.argsort(departs[chosen], kind="stable")].tolist()]


_LAST: dict[tuple[int, int, int], list[dict[str, object]]] = {}


def _names(block: Block) -> list[dict[str, object]]:
    """The passengers as the reservation holds them; those of the last block are remembered."""
    key = (block.scene.seed, block.number, len(block.travellers))
    if key not in _LAST:
        _LAST.clear()
        _LAST[key] = passengers.rows(block.generator("pnr"), block).rows
    return _LAST[key]


def _seat(block: Block, at: int, names: list[dict[str, object]]) -> Seat:
    legs, timetable = block.legs, block.scene.timetable
    traveller, leg = int(block.coupons.traveller[at]), int(block.coupons.leg[at])
    trip, route = int(block.travellers.trip[traveller]), int(legs.route[leg])
    origin, destination = int(timetable.origin[route]), int(timetable.destination[route])
    departs, codes = int(legs.departs[leg]), timetable.airports.codes
    offset = int(timetable.offset_minutes[origin, departs // DAY - FIRST_DAY_NUMBER])
    who = names[traveller]
    currency = CURRENCY_OF.get(str(block.people.country[block.trips.lead[trip]]), "EUR")
    state = "no_show" if block.status.no_show[leg] else STATES[int(block.status.leg[leg])]
    member = who["loyalty_number"]
    return Seat(
        person=int(block.people.number[block.travellers.person[traveller]]),
        trip=trip,
        locator=locator_of(block, trip),
        surname=_letters(who["surname"]),
        given=_letters(who["given_name"]),
        member=str(member) if member else None,
        ticket=f"889{((int(block.trip_number[trip]) * 10) + int(block.travellers.number[traveller])):010d}",
        coupon=int(legs.number[leg]),
        flight=str(int(timetable.flight_number(legs.route[leg], legs.frequency[leg]))),
        origin=str(codes[origin]),
        destination=str(codes[destination]),
        at=departs,
        local=datetime.fromtimestamp(departs, UTC) + timedelta(minutes=offset),
        rbd=str(block.bought.leg_class[leg]),
        cabin=CABINS[int(block.bought.cabin[trip])],
        state=state,
        minor=int(np.round(block.coupons.euros[at] * PER_EURO[currency]) * 100),
        currency=currency,
    )


def locator_of(block: Block, trip: int) -> str:
    return pnr.locators(block.trip_number[trip : trip + 1], block.scene.seed)[0]


def _letters(name: object) -> str:
    """A name in the letters of a telex."""
    return "".join(c for c in telex(str(name)).upper() if c.isascii() and (c.isalpha() or c == " ")).strip()


def moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
