"""What people do on the web site and in the app: searches before (and without) bookings, visits, check-in.

Only the last thirteen months are kept. Searches for trips that are booked after the end date are there too:
that is how interest shows before a booking does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iaros.demo.draws import argmax_gumbel, chance, expand
from iaros.demo.loyalty import Accounts
from iaros.demo.people import PURPOSE_MIX, People
from iaros.demo.routes import Timetable
from iaros.demo.seasons import DAY, END, LEISURE, day_of, midnight
from iaros.demo.trips import AGENCY, Travellers, Trips, utilities

TYPES = ("page", "search", "login", "app_open")
PAGE, SEARCH, LOGIN, APP_OPEN = range(4)
PAGES = ("home", "fare", "bag", "seat", "checkin", "offers")
_LOOKED_AT = np.array([0.26, 0.34, 0.10, 0.12, 0.0, 0.18])
CHECKIN = PAGES.index("checkin")
KEPT_DAYS = 396
_START = END - KEPT_DAYS * DAY
NOBODY, MEMBER, MAIL = range(3)


@dataclass(frozen=True)
class Sessions:
    person: NDArray[np.int64]
    at: NDArray[np.int64]
    in_app: NDArray[np.bool_]
    origin: NDArray[np.int64]
    destination: NDArray[np.int64]
    day: NDArray[np.int64]  # of the departure looked for
    party: NDArray[np.int64]
    checks_in: NDArray[np.bool_]


@dataclass(frozen=True)
class Events:
    """One row an event, sorted by time; -1 where a column does not apply."""

    person: NDArray[np.int64]
    device: NDArray[np.int64]
    type: NDArray[np.int64]
    at: NDArray[np.int64]
    in_app: NDArray[np.bool_]
    user: NDArray[np.int64]  # NOBODY, MEMBER or MAIL
    page: NDArray[np.int64]
    origin: NDArray[np.int64]
    destination: NDArray[np.int64]
    day: NDArray[np.int64]
    party: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.person)


def draw(
    rng: np.random.Generator,
    people: People,
    trips: Trips,
    travellers: Travellers,
    accounts: Accounts,
    departs: NDArray,
    timetable: Timetable,
) -> Events:
    party = np.bincount(travellers.trip, minlength=len(trips))
    kinds = (
        _before_booking(rng, trips, party),
        _idle(rng, people, timetable),
        _checking_in(rng, trips, party, departs),
    )
    names = Sessions.__dataclass_fields__
    sessions = Sessions(**{name: np.concatenate([getattr(kind, name) for kind in kinds]) for name in names})
    return _events(rng, people, accounts, _kept(sessions))


def _kept(sessions: Sessions) -> Sessions:
    keep = (sessions.at >= _START) & (sessions.at < END - 3600)
    return Sessions(**{name: getattr(sessions, name)[keep] for name in Sessions.__dataclass_fields__})


def _before_booking(rng: np.random.Generator, trips: Trips, party: NDArray) -> Sessions:
    looks = 1 + rng.poisson(np.where(trips.purpose == LEISURE, 1.3, 0.6))
    looks = np.where(trips.channel >= AGENCY, rng.poisson(0.35, len(trips)), looks)
    trip, position = expand(looks)
    earlier = np.where(position == 0, rng.exponential(900, len(trip)), rng.exponential(9 * DAY, len(trip)))
    return Sessions(
        person=trips.lead[trip],
        at=trips.created[trip] - 240 - earlier.astype(np.int64),
        in_app=(trips.channel[trip] == 1) ^ chance(rng, 0.08, len(trip)),
        origin=trips.origin[trip],
        destination=trips.destination[trip],
        day=trips.day[trip] + np.where(position == 0, 0, rng.integers(-3, 4, len(trip))),
        party=party[trip],
        checks_in=np.zeros(len(trip), dtype=bool),
    )


def _idle(rng: np.random.Generator, people: People, timetable: Timetable) -> Sessions:
    """Looking around without booking; interest dies slowly after people have stopped flying with us."""
    visits = rng.poisson(np.where(people.adult, 0.5 + 0.35 * np.sqrt(people.rate), 0.0) * KEPT_DAYS / 365)
    person, _ = expand(visits)
    n = len(person)
    at = (_START + rng.random(n) * KEPT_DAYS * DAY).astype(np.int64)
    gone = (day_of(at) > people.lapses[person]) & chance(rng, 0.75, n)
    person, at = person[~gone], at[~gone]
    n = len(person)
    purpose = np.where(chance(rng, PURPOSE_MIX[people.kind[person], 0] * 0.5), 0, LEISURE)
    ahead = (rng.lognormal(3.9, 0.8, n)).astype(np.int64).clip(2, 330)
    return Sessions(
        person=person,
        at=at,
        in_app=chance(rng, 0.25, n),
        origin=people.home[person],
        destination=argmax_gumbel(rng, utilities(people, timetable, person, purpose)),
        day=day_of(at) + ahead,
        party=1 + rng.poisson(0.7, n).clip(0, 5),
        checks_in=np.zeros(n, dtype=bool),
    )


def _checking_in(rng: np.random.Generator, trips: Trips, party: NDArray, departs: NDArray) -> Sessions:
    going = np.flatnonzero((trips.cancelled == 0) & (trips.disrupted != 1) & chance(rng, 0.5, len(trips)))
    return Sessions(
        person=trips.lead[going],
        at=departs[going] - rng.integers(2 * 3600, 30 * 3600, len(going)),
        in_app=chance(rng, 0.55, len(going)),
        origin=trips.origin[going],
        destination=trips.destination[going],
        day=trips.day[going],
        party=party[going],
        checks_in=np.ones(len(going), dtype=bool),
    )


def _events(rng: np.random.Generator, people: People, accounts: Accounts, sessions: Sessions) -> Events:
    n = len(sessions.person)
    user = _user(rng, people, accounts, sessions)
    counts = np.stack(
        [
            np.where(sessions.checks_in, 1, rng.poisson(0.8, n)),
            np.where(sessions.checks_in, 0, 1 + chance(rng, 0.25, n)),
            (user != NOBODY).astype(np.int64),
            (sessions.in_app & chance(rng, 0.8, n)).astype(np.int64),
        ],
        axis=1,
    )
    cell, _ = expand(counts.ravel())
    session, kind = cell // len(TYPES), cell % len(TYPES)
    at = sessions.at[session] + np.array([120, 40, 15, 0])[kind] + rng.integers(0, 280, len(kind)) * (kind < LOGIN)
    order = np.lexsort((kind, at))
    session, kind, at = session[order], kind[order], at[order]
    searched = kind == SEARCH
    looked = np.where(sessions.checks_in[session], CHECKIN, rng.choice(len(PAGES), len(kind), p=_LOOKED_AT))
    # Signed in at the start of a visit, one is still signed in at its end; web visits mostly stay anonymous.
    stays = (kind == LOGIN) | (user[session] != NOBODY) & chance(rng, 0.6, len(kind))
    return Events(
        person=sessions.person[session],
        device=_device(people, sessions)[session],
        type=kind,
        at=at,
        in_app=sessions.in_app[session],
        user=np.where(stays, user[session], NOBODY),
        page=np.where(kind == PAGE, looked, -1),
        origin=np.where(searched, sessions.origin[session], -1),
        destination=np.where(searched, sessions.destination[session], -1),
        day=np.where(searched, np.maximum(sessions.day, day_of(sessions.at) + 1)[session], -1),
        party=np.where(searched, sessions.party[session], -1),
    )


def _user(rng: np.random.Generator, people: People, accounts: Accounts, sessions: Sessions) -> NDArray[np.int64]:
    person = sessions.person
    account = accounts.of_person[person]
    member = (account >= 0) & (midnight(accounts.enrolled[account]) < sessions.at)
    signs_in = chance(rng, np.where(sessions.in_app, 0.85, 0.4))
    by_mail = ~member & (people.email[person] != None) & chance(rng, 0.14, len(person))  # noqa: E711 (elementwise)
    return np.where(member & signs_in, MEMBER, np.where(by_mail, MAIL, NOBODY))


def _device(people: People, sessions: Sessions) -> NDArray[np.int64]:
    """A telephone and a browser each; in some households everybody uses the first member's browser."""
    shared = people.homes.shares_phone[people.household[sessions.person]]
    owner = np.where(shared, people.homes.start[people.household[sessions.person]], sessions.person)
    return np.where(sessions.in_app, people.number[sessions.person] * 2 + 1, people.number[owner] * 2)
