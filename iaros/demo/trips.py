"""Trips: who travels with whom, why, where to, when, and when it was booked.

A trip is led by an adult and becomes one booking. Trips whose booking lies before the history are dropped;
trips booked after the end date are kept in the world (they are its future) and never written to a feed.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from iaros.demo.draws import argmax_gumbel, chance, expand, pick_rows, positions_in_group
from iaros.demo.people import PURPOSE_MIX, People
from iaros.demo.routes import LONG_HAUL_KM, Timetable
from iaros.demo.seasons import (
    BUSINESS,
    DAY,
    END,
    END_DAY,
    HISTORY_START,
    HORIZON_DAYS,
    LEISURE,
    VFR,
    departure_days,
    midnight,
    month_of,
)

CHANNELS = ("web", "app", "agency", "phone")
AGENCY, PHONE = 2, 3
_CHANNEL_WEIGHTS = np.array([[0.30, 0.18, 0.47, 0.05], [0.56, 0.18, 0.19, 0.07], [0.50, 0.18, 0.22, 0.10]])
_YEARS = HORIZON_DAYS / 365.25
_FADING_DAYS = 300
_PERSON_KEY = 100_000  # more than any day number
ALONE, COUPLE, EVERYBODY, WITH_FRIEND = range(4)


@dataclass(frozen=True)
class Trips:
    """One row a trip; `nights` is -1 for a one-way journey. Times are UTC seconds."""

    lead: NDArray[np.int64]
    purpose: NDArray[np.int64]
    day: NDArray[np.int64]
    nights: NDArray[np.int64]
    origin: NDArray[np.int64]
    destination: NDArray[np.int64]
    lead_days: NDArray[np.int64]
    created: NDArray[np.int64]
    channel: NDArray[np.int64]
    party: NDArray[np.int64]
    disrupted: NDArray[np.int64]  # 0 no, 1 the way out was cancelled by us, 2 the way back
    cancelled: NDArray[np.int64]  # moment the customer cancelled, 0 for never
    changed: NDArray[np.int64]  # moment the dates were moved, 0 for never
    shifted_days: NDArray[np.int64]  # by how many days they were moved

    def __len__(self) -> int:
        return len(self.lead)

    def where(self, keep: NDArray) -> "Trips":
        return Trips(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})

    @property
    def last_day(self) -> NDArray[np.int64]:
        return self.day + self.nights.clip(0)


@dataclass(frozen=True)
class Travellers:
    """Who sits on each trip; sorted by trip, `number` counts from 1 and the lead is 1."""

    trip: NDArray[np.int64]
    person: NDArray[np.int64]
    number: NDArray[np.int64]
    age: NDArray[np.float64]  # years at departure

    def __len__(self) -> int:
        return len(self.trip)


def draw(rng: np.random.Generator, people: People, timetable: Timetable) -> tuple[Trips, Travellers]:
    lead, purpose, day = _wishes(rng, people)
    day, lead, purpose = _with_a_first_trip(rng, people, day, lead, purpose)
    order = np.lexsort((day, lead))
    trips = _trips(rng, people, timetable, lead[order], purpose[order], day[order])
    trips = trips.where(_lead_is_free(trips))
    trips = trips.where(_not_given_up(rng, trips, people))
    return trips, _travellers(rng, people, trips)


def _wishes(rng: np.random.Generator, people: People) -> tuple[NDArray, NDArray, NDArray]:
    """Departures of each adult while active: by habit for the regular ones, else at random."""
    habits, chances = _by_habit(rng, people), _by_chance(rng, people)
    lead, purpose, day = (np.concatenate(pair) for pair in zip(habits, chances, strict=True))
    left = people.lapses[lead] - day
    keep = (day >= people.joined[lead]) & (left > 0) & chance(rng, (left / _FADING_DAYS).clip(0.2, 1.0))
    return lead[keep], purpose[keep], day[keep]


def _by_chance(rng: np.random.Generator, people: People) -> tuple[NDArray, NDArray, NDArray]:
    lead, _ = expand(rng.poisson(np.where(people.regular, people.rate * 0.1, people.rate) * _YEARS))
    purpose = pick_rows(rng, PURPOSE_MIX[people.kind[lead]])
    return lead, purpose, departure_days(purpose, rng.random(len(lead)))


def _by_habit(rng: np.random.Generator, people: People) -> tuple[NDArray, NDArray, NDArray]:
    """The same weeks every year (the summer house, the trade fair), now and then left out."""
    slots, _ = expand(np.where(people.regular, np.maximum(1, np.rint(people.rate)), 0).astype(np.int64))
    purpose = pick_rows(rng, PURPOSE_MIX[people.kind[slots]])
    first = departure_days(purpose, rng.random(len(slots)) * 365 / HORIZON_DAYS) % 364
    slot, year = expand(np.full(len(slots), int(_YEARS) + 1))
    # 52 weeks keep the weekday.
    day = first[slot] + 364 * year + 7 * np.rint(rng.normal(0, 1.3, len(slot))).astype(np.int64)
    keep = (day >= 0) & (day < HORIZON_DAYS) & chance(rng, 0.93, len(slot))
    return slots[slot[keep]], purpose[slot[keep]], day[keep]


def _with_a_first_trip(
    rng: np.random.Generator, people: People, day: NDArray, lead: NDArray, purpose: NDArray
) -> tuple[NDArray, NDArray, NDArray]:
    """Most households that would never have flown in the history get one holiday, or we would not know them."""
    homes = people.homes
    flew = np.bincount(people.household[lead[(day > 40) & (day < END_DAY)]], minlength=len(homes.size)) > 0
    chosen = np.flatnonzero(~flew & chance(rng, 0.88, len(homes.size)))
    holiday = departure_days(np.full(len(chosen), LEISURE), rng.random(len(chosen)))
    fits = 45 + (holiday - 45) % (END_DAY - 50)
    return (
        np.r_[day, fits],
        np.r_[lead, homes.start[chosen]],
        np.r_[purpose, np.full(len(chosen), LEISURE)],
    )


def _trips(
    rng: np.random.Generator, people: People, timetable: Timetable, lead: NDArray, purpose: NDArray, day: NDArray
) -> Trips:
    n = len(lead)
    party = _party(rng, people, lead, purpose)
    destination = _destinations(rng, people, timetable, lead, purpose, day, party)
    origin = people.home[lead]
    far = timetable.airports.distance_km[origin, destination] > LONG_HAUL_KM
    nights = _nights(rng, purpose, far, timetable.airports.character[destination, 0], party)
    lead_days = _lead_days(rng, purpose, far, party)
    created = midnight(day - lead_days) + _booking_second(rng, purpose)
    cancelled, changed = _second_thoughts(rng, purpose, created, lead_days)
    return Trips(
        lead=lead,
        purpose=purpose,
        day=day,
        nights=nights,
        origin=origin,
        destination=destination,
        lead_days=lead_days,
        created=created,
        channel=pick_rows(rng, _CHANNEL_WEIGHTS[purpose] * rng.gamma(0.6, 1, (len(people), 4))[lead]),
        party=party,
        disrupted=np.where(chance(rng, 0.035, n), 1 + chance(rng, 0.4, n) * (nights >= 0), 0),
        cancelled=cancelled,
        changed=changed,
        shifted_days=np.where(chance(rng, 0.5, n), 1, -1) * rng.integers(1, 5, n),
    )


def _party(rng: np.random.Generator, people: People, lead: NDArray, purpose: NDArray) -> NDArray[np.int64]:
    homes, n = people.homes, len(lead)
    size = homes.size[people.household[lead]]
    drawn = rng.random(n)
    holiday = np.where(drawn < 0.62, EVERYBODY, np.where(drawn < 0.80, COUPLE, ALONE))
    visit = np.where(drawn < 0.38, EVERYBODY, np.where(drawn < 0.50, COUPLE, ALONE))
    party = np.where(purpose == LEISURE, holiday, np.where(purpose == VFR, visit, ALONE))
    party = np.where((size == 1) & (party != ALONE), ALONE, party)
    friends = (purpose == LEISURE) & (party == ALONE) & chance(rng, 0.35, n) & (people.friend[lead] != lead)
    return np.where(friends, WITH_FRIEND, party)


def _destinations(
    rng: np.random.Generator,
    people: People,
    timetable: Timetable,
    lead: NDArray,
    purpose: NDArray,
    day: NDArray,
    party: NDArray,
) -> NDArray[np.int64]:
    utility = utilities(people, timetable, lead, purpose)
    place = timetable.airports.character
    month = month_of(day)
    sunny = np.isin(month, (4, 5, 6, 7, 8)).astype(float) - 0.3
    snowy = np.isin(month, (0, 1, 2)) * 1.6 - 0.8
    season = sunny[:, None] * place[:, 0] * 0.8 + snowy[:, None] * place[:, 3] * 1.1
    family = np.isin(party, (EVERYBODY,))[:, None] * (place[:, 0] * 0.35)
    utility += np.where(purpose == LEISURE, 1.0, 0.15)[:, None] * (season + family)
    return argmax_gumbel(rng, utility)


def utilities(people: People, timetable: Timetable, who: NDArray, purpose: NDArray) -> NDArray[np.float64]:
    """How much each person is drawn to each airport for a purpose, all else equal (the truth behind tastes)."""
    home = people.home[who]
    distance = timetable.airports.distance_km[home]
    utility = 1.3 * (np.log(timetable.airports.pull[:, purpose].T) + people.leans[who, purpose])
    utility -= (timetable.leg[home] < 0) * np.where(purpose == BUSINESS, 1.1, 0.5)[:, None]
    utility -= np.where(distance < 220, 2.5, 0.0) + distance / 9_000
    utility[np.arange(len(who)), home] = -np.inf
    return utility


def _nights(
    rng: np.random.Generator, purpose: NDArray, far: NDArray, sun: NDArray, party: NDArray
) -> NDArray[np.int64]:
    n = len(purpose)
    week = np.where(chance(rng, 0.5, n), 7, np.where(chance(rng, 0.3, n), 14, rng.integers(5, 12, n)))
    city = rng.integers(2, 5, n)
    beach = (sun > 1.1) & chance(rng, 0.75, n) | (party == EVERYBODY) & chance(rng, 0.35, n)
    leisure = np.where(far, rng.integers(8, 22, n), np.where(beach, week, city))
    business = np.where(far, rng.integers(3, 8, n), rng.geometric(0.5, n).clip(1, 5) - chance(rng, 0.25, n))
    visit = np.where(far, rng.integers(12, 35, n), rng.integers(2, 15, n))
    nights = np.choose(purpose, (business, leisure, visit)).clip(0)
    return np.where(chance(rng, np.array([0.07, 0.05, 0.13])[purpose]), -1, nights)


def _lead_days(rng: np.random.Generator, purpose: NDArray, far: NDArray, party: NDArray) -> NDArray[np.int64]:
    middle = np.array([11.0, 52.0, 36.0])[purpose] * np.where(far, 1.5, 1.0) * np.where(party == EVERYBODY, 1.35, 1.0)
    days = middle * np.exp(rng.normal(0, 1, len(purpose)) * np.array([0.8, 0.75, 0.8])[purpose])
    return days.astype(np.int64).clip(1, 330)


def _booking_second(rng: np.random.Generator, purpose: NDArray) -> NDArray[np.int64]:
    """Business is booked in office hours, the rest peaks in the evening (UTC, local is an hour or two later)."""
    office = rng.normal(11.5, 2.5, len(purpose))
    evening = np.where(
        chance(rng, 0.6, len(purpose)), rng.normal(19, 1.8, len(purpose)), rng.normal(12, 3, len(purpose))
    )
    hour = np.where(purpose == BUSINESS, office, evening).clip(0.1, 23.9)
    return (hour * 3600).astype(np.int64)


def _second_thoughts(
    rng: np.random.Generator, purpose: NDArray, created: NDArray, lead_days: NDArray
) -> tuple[NDArray, NDArray]:
    n = len(purpose)
    wait = lead_days * DAY * rng.uniform(0.05, 0.9, n)
    drawn = rng.random(n)
    cancels = drawn < np.array([0.085, 0.05, 0.05])[purpose]
    changes = ~cancels & (drawn > 1 - np.array([0.10, 0.035, 0.05])[purpose]) & (lead_days > 8)
    # Dates are moved early enough that the first ones had not yet been flown.
    at = created + 3600 + np.where(changes, wait / 3, wait).astype(np.int64)
    return np.where(cancels, at, 0), np.where(changes, at, 0)


def _lead_is_free(trips: Trips) -> NDArray[np.bool_]:
    """Nobody leads two trips at once; rows come sorted by lead and day."""
    return ~_still_away(trips.lead, trips.day, trips.last_day) & (trips.created >= HISTORY_START)


def _still_away(person: NDArray, day: NDArray, last_day: NDArray) -> NDArray[np.bool_]:
    """Whether a person leaves before being back from an earlier row; rows come sorted by person and day."""
    # The person's number leads the key, so the running maximum starts anew with each person.
    back = np.maximum.accumulate(person * _PERSON_KEY + last_day)
    same = person[1:] == person[:-1]
    return np.r_[False, same & (person[1:] * _PERSON_KEY + day[1:] <= back[:-1] + 1)]


def _not_given_up(rng: np.random.Generator, trips: Trips, people: People) -> NDArray[np.bool_]:
    """A cancelled flight drives some people away for good: their later trips do not happen."""
    leaves = (trips.disrupted > 0) & chance(rng, 0.4, len(trips))
    last = np.full(len(people), HORIZON_DAYS + 1)
    np.minimum.at(last, trips.lead[leaves], trips.last_day[leaves])
    return trips.created <= midnight(last[trips.lead] + 3)


def _travellers(rng: np.random.Generator, people: People, trips: Trips) -> Travellers:
    homes = people.homes
    household = people.household[trips.lead]
    trip, position = expand(homes.size[household])
    person = homes.start[household[trip]] + position
    lead, party = trips.lead[trip], trips.party[trip]
    goes = (person == lead) | (party == EVERYBODY) | (party == COUPLE) & people.adult[person]
    friends = np.flatnonzero(trips.party == WITH_FRIEND)
    trip, person = np.r_[trip[goes], friends], np.r_[person[goes], people.friend[trips.lead[friends]]]
    age = (midnight(trips.day)[trip] / DAY - people.birth[person]) / 365.25
    born = age > 0.05
    trip, person, age = trip[born], person[born], age[born]
    free = _is_free(trips, trip, person)
    trip, person, age = trip[free], person[free], age[free]
    order = np.lexsort((person, person != trips.lead[trip], trip))
    trip, person, age = trip[order], person[order], age[order]
    return Travellers(trip=trip, person=person, number=positions_in_group(trip) + 1, age=age)


def _is_free(trips: Trips, trip: NDArray, person: NDArray) -> NDArray[np.bool_]:
    """A companion who is already away, or leaves on an own trip meanwhile, stays behind."""
    leads = person == trips.lead[trip]
    order = np.lexsort((~leads, trips.day[trip], person))
    t, p = trip[order], person[order]
    after = _still_away(p, trips.day[t], trips.last_day[t])
    next_too_soon = (p[1:] == p[:-1]) & (trips.day[t[1:]] <= trips.last_day[t[:-1]] + 1)
    before = np.r_[next_too_soon, False]
    free = np.ones(len(trip), dtype=bool)
    free[order] = leads[order] | ~(after | before)
    return free


def booked_in_history(trips: Trips) -> NDArray[np.bool_]:
    return trips.created < END
