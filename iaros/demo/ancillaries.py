"""Extras: what each traveller buys beside the seat, by trip purpose, length, haul, party and own taste."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iaros.demo.draws import chance, logistic
from iaros.demo.fares import CLASSIC, FLEX
from iaros.demo.people import People
from iaros.demo.seasons import BUSINESS, DAY, LEISURE, VFR
from iaros.demo.trips import EVERYBODY, Travellers, Trips

CODES = ("extra_bag", "seat", "meal", "lounge", "priority", "insurance", "wifi", "extra_legroom")
_EUROS = np.array([38.0, 14.0, 11.0, 32.0, 12.0, 24.0, 9.0, 29.0])
_FAR_FACTOR = np.array([1.7, 2.0, 1.6, 1.2, 1.3, 1.9, 2.0, 2.4])
_TASTE_WEIGHT = np.array([0.75, 0.9, 0.8, 0.9, 0.7, 0.8, 0.8, 1.1])


@dataclass(frozen=True)
class Ancillaries:
    """One row a purchase; sorted by traveller row."""

    traveller: NDArray[np.int64]
    code: NDArray[np.int64]
    euros: NDArray[np.float64]
    bought: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.traveller)


def draw(
    rng: np.random.Generator,
    people: People,
    trips: Trips,
    travellers: Travellers,
    brand: NDArray,
    far: NDArray,
    departs: NDArray,
) -> Ancillaries:
    """`brand`, `far` and `departs` (UTC seconds of the first flight) are columns over the trips."""
    wish = _wish(people, trips, travellers, brand, far)
    taken = chance(rng, logistic(wish).ravel()).reshape(wish.shape)
    traveller, code = np.nonzero(taken)
    trip = travellers.trip[traveller]
    price = _EUROS[code] * np.where(far[trip], _FAR_FACTOR[code], 1.0) * rng.choice((0.9, 1.0, 1.0, 1.15), len(code))
    return Ancillaries(traveller, code, np.round(price), _bought(rng, trips, trip, departs))


def _wish(people: People, trips: Trips, travellers: Travellers, brand: NDArray, far: NDArray) -> NDArray[np.float64]:
    """Log-odds of each extra (columns as `CODES`) for each traveller."""
    trip = travellers.trip
    purpose, nights = trips.purpose[trip], trips.nights[trip].clip(0)
    business, leisure, visit = purpose == BUSINESS, purpose == LEISURE, purpose == VFR
    family = (trips.party == EVERYBODY)[trip]
    with_child = np.bincount(trip, travellers.age < 12, len(trips))[trip] > 0
    long_way, early = far[trip], (trips.lead_days > 60)[trip]
    adult = travellers.age >= 12
    bag = -3.3 + 0.4 * leisure + 0.7 * visit + 0.12 * nights.clip(0, 13) + 0.7 * long_way + 0.5 * with_child
    bag += 0.25 * early - 1.2 * (brand[trip] >= CLASSIC) - 0.5 * ~adult
    seat = -1.9 + 1.0 * business + 0.55 * with_child + 0.4 * family + 0.5 * long_way - 2.0 * (brand[trip] == FLEX)
    meal = -2.9 + 1.0 * long_way + 0.4 * leisure + 0.3 * early
    lounge = -4.0 + 1.5 * business + 0.6 * long_way - 1.0 * with_child
    priority = -3.3 + 1.3 * business + 0.2 * (brand[trip] == CLASSIC)
    insurance = -3.3 + 0.9 * leisure + 0.6 * early + 0.8 * long_way - 1.5 * business
    wifi = -3.9 + 1.5 * business + 0.9 * long_way
    legroom = -3.7 + 1.2 * long_way + 0.6 * business - 0.6 * with_child
    wish = np.stack([bag, seat, meal, lounge, priority, insurance, wifi, legroom], axis=1).astype(float)
    wish += people.ancillary_taste[travellers.person] * _TASTE_WEIGHT
    wish[~adult, 3:] = -30.0  # children get a seat, a bag and a meal
    wish[travellers.age < 2] = -30.0
    return wish


def _bought(rng: np.random.Generator, trips: Trips, trip: NDArray, departs: NDArray) -> NDArray[np.int64]:
    """With the booking, or later, mostly in the last days before departure."""
    at_once = chance(rng, 0.58, len(trip))
    gap = (departs[trip] - trips.created[trip] - 4 * 3600).clip(600)
    later = departs[trip] - 3 * 3600 - np.minimum(rng.exponential(9 * DAY, len(trip)), gap).astype(np.int64)
    return np.where(at_once, trips.created[trip], np.maximum(later, trips.created[trip] + 300))
