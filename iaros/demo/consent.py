"""Consent: what people allowed, refused, withdrew or objected to; most of it when they joined.

Members answer for themselves under their number, some others under their e-mail. Who never answered has no row.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iaros.demo.draws import chance
from iaros.demo.loyalty import Accounts
from iaros.demo.people import People
from iaros.demo.seasons import DAY, END, midnight
from iaros.demo.trips import Trips

GRANTED, DENIED, WITHDRAWN, OBJECTED = range(4)
STATES = ("granted", "denied", "withdrawn", "objected")
METHODS = ("enrolment_form", "preference_centre", "booking_path", "service_desk")

# purpose, channel, share answering, of those granting, of those granting who later withdraw
_QUESTIONS = (
    ("marketing", "email", 0.93, 0.72, 0.10),
    ("marketing", "sms", 0.70, 0.33, 0.06),
    ("marketing", "push", 0.45, 0.62, 0.08),
    ("personalisation", "", 0.85, 0.78, 0.05),
    ("sharing", "", 0.60, 0.22, 0.05),
)
PURPOSES = (*(question[0] for question in _QUESTIONS), "analytics", "marketing")
CHANNELS = (*(question[1] for question in _QUESTIONS), "", "phone")
_ANALYTICS, _PHONE = len(_QUESTIONS), len(_QUESTIONS) + 1
_POLICIES = np.array(["2012-01", "2018-05", "2025-01"])
_POLICY_FROM = np.array(["2018-05-25", "2025-01-15"], dtype="datetime64[s]").astype(np.int64)


@dataclass(frozen=True)
class Consents:
    """One row an answer, sorted by time; `account` is -1 where the subject is an e-mail address."""

    person: NDArray[np.int64]
    account: NDArray[np.int64]
    question: NDArray[np.int64]
    state: NDArray[np.int64]
    at: NDArray[np.int64]
    method: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.person)


def draw(rng: np.random.Generator, people: People, accounts: Accounts, trips: Trips) -> Consents:
    joined = _answers(rng, accounts.person, np.arange(len(accounts)), midnight(accounts.enrolled) + 36_000, 1.0, 0)
    person, at = _guests(rng, people, accounts, trips)
    booked = _answers(rng, person, np.full(len(person), -1), at, 0.6, 2)
    objected = _objections(rng, accounts)
    columns = [np.concatenate(parts) for parts in zip(*(*joined, *booked, objected), strict=True)]
    order = np.lexsort((columns[2], columns[0], columns[4]))
    return Consents(*(column[order] for column in columns))


def policy_version(at: NDArray) -> NDArray[np.str_]:
    return _POLICIES[np.searchsorted(_POLICY_FROM, at, side="right")]


def _guests(rng: np.random.Generator, people: People, accounts: Accounts, trips: Trips) -> tuple[NDArray, NDArray]:
    """Booking without being a member, some tick the boxes on the way."""
    booked = np.flatnonzero((trips.created < END) & (trips.channel < 2) & (accounts.of_person[trips.lead] < 0))
    lead, first = np.unique(trips.lead[booked], return_index=True)
    ticks = chance(rng, 0.35, len(lead)) & (people.email[lead] != None)  # noqa: E711 (elementwise)
    return lead[ticks], trips.created[booked[first[ticks]]] + 30


def _answers(
    rng: np.random.Generator, person: NDArray, account: NDArray, at: NDArray, eager: float, method: int
) -> list[tuple[NDArray, ...]]:
    rows = []
    for number, (_, _, answers, grants, withdraws) in enumerate(_QUESTIONS):
        asked = np.flatnonzero(chance(rng, answers * eager, len(person)))
        granted = chance(rng, grants, len(asked))
        rows.append(_rows(person, account, at, asked, number, np.where(granted, GRANTED, DENIED), method))
        back = asked[granted & chance(rng, withdraws, len(asked))]
        since = np.maximum(at, END - 900 * DAY)
        later = since + (rng.random(len(at)) * (END - DAY - since)).astype(np.int64)
        rows.append(_rows(person, account, later, back, number, np.full(len(back), WITHDRAWN), 1))
    return rows


def _rows(
    person: NDArray, account: NDArray, at: NDArray, chosen: NDArray, question: int, state: NDArray, method: int
) -> tuple[NDArray, ...]:
    constant = np.full(len(chosen), 1)
    return person[chosen], account[chosen], constant * question, state, at[chosen], constant * method


def _objections(rng: np.random.Generator, accounts: Accounts) -> tuple[NDArray, ...]:
    """One or two in a hundred object to analytics, and fewer to being telephoned."""
    n = len(accounts)
    who = np.flatnonzero(chance(rng, 0.024, n))
    question = np.where(chance(rng, 0.65, len(who)), _ANALYTICS, _PHONE)
    since = np.maximum(midnight(accounts.enrolled), END - 700 * DAY)
    at = since + (rng.random(n) * (END - DAY - since)).astype(np.int64)
    return (
        accounts.person[who], who, question, np.full(len(who), OBJECTED), at[who], np.full(len(who), 3)
    )  # fmt: skip
