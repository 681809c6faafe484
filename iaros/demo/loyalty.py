"""Loyalty: who is a member, under which number (a few under two), and which trips name it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iaros.demo.draws import chance
from iaros.demo.people import People
from iaros.demo.seasons import DAY, END, END_DAY, FIRST_DAY_NUMBER, midnight
from iaros.demo.trips import AGENCY, Travellers, Trips

CARDS = ("Blue", "Silver", "Gold")
MEMBER_SHARE = 0.55
_SECOND_NUMBER = 0.011
_NEVER = 10**6
_NUMBERS = 899_999_963  # coprime to the step below, so that no two people get one number
_SECOND_OFFSET = 400_000_000


@dataclass(frozen=True)
class Accounts:
    """One row a loyalty number; a person's first account stands before all second ones."""

    person: NDArray[np.int64]
    number: NDArray[np.int64]
    enrolled: NDArray[np.int64]  # day, negative before the history
    left: NDArray[np.int64]
    card: NDArray[np.int64]
    second: NDArray[np.bool_]
    of_person: NDArray[np.int64]  # first account of each person, -1 for none
    second_of_person: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.person)


def draw(rng: np.random.Generator, people: People, trips: Trips, travellers: Travellers) -> Accounts:
    n = len(people)
    flown = np.bincount(travellers.person[trips.created[travellers.trip] < END], minlength=n)
    wish = 1.3 * np.log1p(flown) + np.where(people.adult, 0.0, -3.0) + rng.gumbel(0, 1, n)
    members = np.sort(np.argsort(-wish, kind="stable")[: round(n * MEMBER_SHARE)])
    enrolled = _enrolled(rng, people, members)
    twice = chance(rng, _SECOND_NUMBER, len(members)) & people.adult[members] & (enrolled < END_DAY - 200)
    again = members[twice]
    later = enrolled[twice].clip(0) + (rng.random(len(again)) * (END_DAY - 90 - enrolled[twice].clip(0))).astype(int)
    person = np.r_[members, again]
    second = np.r_[np.zeros(len(members), dtype=bool), np.ones(len(again), dtype=bool)]
    leaves = chance(rng, 0.035, len(person))
    return Accounts(
        person=person,
        number=_numbers(people.number[person], second),
        enrolled=np.r_[enrolled, later],
        left=np.where(leaves, (END_DAY * rng.uniform(0.75, 0.99, len(person))).astype(int), _NEVER),
        card=_cards(rng, flown[person], second),
        second=second,
        of_person=_first_row(members, np.arange(len(members)), n),
        second_of_person=_first_row(again, len(members) + np.arange(len(again)), n),
    )


def _enrolled(rng: np.random.Generator, people: People, members: NDArray) -> NDArray[np.int64]:
    n = len(members)
    before = -(rng.random(n) ** 1.5 * 3_900).astype(np.int64)
    since = people.joined[members].clip(0) + rng.exponential(150, n).astype(np.int64)
    day = np.where(people.joined[members] < 0, np.where(chance(rng, 0.8, n), before, since), since)
    return np.minimum(day, END_DAY - 3 - rng.integers(0, 200, n))


def _numbers(person: NDArray, second: NDArray) -> NDArray[np.int64]:
    return 100_000_000 + (person + second * _SECOND_OFFSET) * 514_229 % _NUMBERS


def _cards(rng: np.random.Generator, flown: NDArray, second: NDArray) -> NDArray[np.int64]:
    a_year = flown / 3 * rng.uniform(0.8, 1.2, len(flown))
    return np.where(second, 0, (a_year >= 2.5).astype(int) + (a_year >= 5.5))


def _first_row(person: NDArray, row: NDArray, n: int) -> NDArray[np.int64]:
    out = np.full(n, -1)
    out[person] = row
    return out


def named_on(rng: np.random.Generator, accounts: Accounts, trips: Trips, travellers: Travellers) -> NDArray[np.int64]:
    """The account that each traveller's booking names, -1 for none."""
    trip, person = travellers.trip, travellers.person
    first, second = accounts.of_person[person], accounts.second_of_person[person]
    account = np.where((second >= 0) & chance(rng, 0.5, len(trip)), second, first)
    known = np.where(trips.channel[trip] == AGENCY, 0.55, 0.9) * np.where(travellers.number == 1, 1.0, 0.8)
    created = trips.created[trip]
    valid = (midnight(accounts.enrolled[account]) < created) & (created < midnight(accounts.left[account]))
    return np.where((account >= 0) & valid & chance(rng, known), account, -1)


def days_since_1970(day: NDArray) -> NDArray[np.int64]:
    return day + FIRST_DAY_NUMBER


def updated_at(rng: np.random.Generator, accounts: Accounts) -> NDArray[np.int64]:
    """When each member record was last touched: at enrolment or later."""
    start = midnight(accounts.enrolled)
    return start + ((END - DAY - start).clip(0) * rng.random(len(accounts)) ** 0.5).astype(np.int64)
