"""Itineraries: the flights of each trip, the cabin and brand bought, and what each leg cost.

Legs are sorted by trip and number; coupons by traveller and leg. `status_at_end` says what had become of
everything when the files were cut.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iaros.demo import fares
from iaros.demo.draws import chance, expand, pick_rows, positions_in_group
from iaros.demo.fares import Markets
from iaros.demo.routes import LONG_HAUL_KM, Timetable, legs_of
from iaros.demo.seasons import BUSINESS, END
from iaros.demo.trips import Travellers, Trips

_BRANDS = np.array([[0.24, 0.40, 0.36], [0.62, 0.32, 0.06], [0.62, 0.33, 0.05]])
_CABINS_FAR = np.array([[0.63, 0.15, 0.22], [0.87, 0.10, 0.03], [0.95, 0.04, 0.01]])
_CABINS_NEAR = np.array([[0.91, 0.0, 0.09], [0.99, 0.0, 0.01], [0.995, 0.0, 0.005]])
_TURN_SECONDS = 5_400
_CONNECTING = 0.68  # two legs together cost less than both alone


@dataclass(frozen=True)
class Legs:
    trip: NDArray[np.int64]
    number: NDArray[np.int64]
    way_back: NDArray[np.bool_]
    route: NDArray[np.int64]
    frequency: NDArray[np.int64]
    departs: NDArray[np.int64]
    arrives: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.trip)


@dataclass(frozen=True)
class Purchases:
    """What was chosen and paid: per trip the cabin and brand, per leg the adult fare and the class."""

    cabin: NDArray[np.int64]
    brand: NDArray[np.int64]
    far: NDArray[np.bool_]
    leg_euros: NDArray[np.float64]
    leg_class: NDArray[np.str_]
    leg_step: NDArray[np.int64]


@dataclass(frozen=True)
class Coupons:
    """One row a traveller and leg."""

    traveller: NDArray[np.int64]
    leg: NDArray[np.int64]
    euros: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.traveller)


@dataclass(frozen=True)
class Status:
    """What had become of the trips at the end date; leg states are 0 booked, 1 flown, 2 cancelled."""

    trip_cancelled: NDArray[np.bool_]
    leg: NDArray[np.int64]
    no_show: NDArray[np.bool_]  # per leg: departed without them


def legs(timetable: Timetable, trips: Trips, early: NDArray, day: NDArray) -> Legs:
    """The legs of each trip on these days; `early` (trip, 2) places each way in its day."""
    there = legs_of(timetable, trips.origin, trips.destination, day, early[:, 0])
    returns = np.flatnonzero(trips.nights >= 0)
    home = trips.destination[returns], trips.origin[returns]
    back_day = (day + trips.nights)[returns]
    back = legs_of(timetable, *home, back_day, early[returns, 1])
    first = np.flatnonzero(np.r_[True, back.journey[1:] != back.journey[:-1]])[: len(returns)]
    last = np.searchsorted(there.journey, returns, side="right") - 1
    too_soon = back.departs[first] < there.arrives[last] + _TURN_SECONDS
    back = legs_of(timetable, *home, back_day + too_soon, early[returns, 1])
    trip = np.r_[there.journey, returns[back.journey]]
    way_back = np.r_[np.zeros(len(there.journey), dtype=bool), np.ones(len(back.journey), dtype=bool)]
    order = np.lexsort((way_back, trip))  # stable, so connections keep their order
    both = (np.r_[getattr(there, name), getattr(back, name)][order] for name in _LEG_COLUMNS)
    return Legs(trip[order], positions_in_group(trip[order]) + 1, way_back[order], *both)


_LEG_COLUMNS = ("route", "frequency", "departs", "arrives")


def times_of_day(rng: np.random.Generator, trips: Trips) -> NDArray[np.float64]:
    """Business leaves early and comes back late; the rest is spread over the day."""
    early = rng.random((len(trips), 2))
    hurried = (trips.purpose == BUSINESS) | (trips.nights == 0)
    early[hurried, 0] *= 0.35
    early[hurried, 1] = 1 - early[hurried, 1] * 0.35
    return early.clip(0, 0.9999)


def purchases(rng: np.random.Generator, timetable: Timetable, market: Markets, trips: Trips, flown: Legs) -> Purchases:
    far = timetable.airports.distance_km[trips.origin, trips.destination] > LONG_HAUL_KM
    cabin = pick_rows(rng, np.where(far[:, None], _CABINS_FAR[trips.purpose], _CABINS_NEAR[trips.purpose]))
    brand = np.where(cabin == 2, fares.FLEX, pick_rows(rng, _BRANDS[trips.purpose]))
    luck = np.exp(rng.normal(0, 0.12, len(trips)))
    of = flown.trip
    args = (timetable, market, flown.route, trips.day[of])
    euros = fares.euros(*args, trips.lead_days[of].astype(float), cabin[of], brand[of]) * luck[of]
    usual = fares.euros(*args, np.full(len(of), 45.0), cabin[of], np.full(len(of), fares.CLASSIC))
    letter, step = fares.booking_class(cabin[of], brand[of], euros, usual)
    same_way = np.bincount(of * 2 + flown.way_back, minlength=2 * len(trips))[of * 2 + flown.way_back]
    return Purchases(cabin, brand, far, np.where(same_way > 1, euros * _CONNECTING, euros), letter, step)


def coupons(trips: Trips, travellers: Travellers, flown: Legs, bought: Purchases) -> Coupons:
    per_trip = np.bincount(flown.trip, minlength=len(trips))
    first = np.cumsum(per_trip) - per_trip
    traveller, position = expand(per_trip[travellers.trip])
    leg = first[travellers.trip[traveller]] + position
    age = travellers.age[traveller]
    share = np.where(age < 2, 0.1, np.where(age < 12, 0.75, 1.0))
    return Coupons(traveller, leg, bought.leg_euros[leg] * share)


def status_at(rng: np.random.Generator, trips: Trips, flown: Legs, moment: int = END) -> Status:
    """States of trips and legs as of `moment`; a call far in the future tells how the simulation ends."""
    first = first_departure(trips, flown)
    by_customer = (trips.cancelled > 0) & (trips.cancelled < np.minimum(moment, first))
    by_us = (trips.disrupted == 1) & (first < moment)
    cancelled = by_customer | by_us
    departed = flown.departs < moment
    one_way_lost = (trips.disrupted[flown.trip] == 2) & flown.way_back & departed
    leg = np.where(cancelled[flown.trip] | one_way_lost, 2, departed.astype(np.int64))
    missed = chance(rng, 0.012, len(trips))
    no_show = missed[flown.trip] & (flown.way_back | (trips.nights[flown.trip] < 0)) & (leg == 1)
    return Status(cancelled, np.where(no_show, 0, leg), no_show)


def first_departure(trips: Trips, flown: Legs) -> NDArray[np.int64]:
    first = np.zeros(len(trips), dtype=np.int64)
    first[flown.trip[flown.number == 1]] = flown.departs[flown.number == 1]
    return first
