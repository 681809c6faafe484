"""Which written values mean the same, so that sources are not said to disagree where they only spell differently, and
which spelling is the fullest.

Reservation systems write in capitals without accents, `ø` as `oe` or `o`, cut long names off, and leave out second
given names. What is none of that is another value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from profiles.models.names import telexed
from profiles.sources.contract import PERSON_FIELDS

_WORDS = re.compile(r"[\s\-]+")
# No field of a reservation holds more letters of one name.
_CUT_OFF = 20
_GIVEN_NAME, _SURNAME = (PERSON_FIELDS.index(name) for name in ("given_name", "surname"))
NAMES = frozenset((_GIVEN_NAME, _SURNAME))


def meant(field: int, value: str) -> str:
    """What a value of a field, by its position in PERSON_FIELDS, means: equal for all its spellings."""
    if field == _GIVEN_NAME:
        return _given_name(value)
    return _telexed(value) if field == _SURNAME else value.casefold()


def fullest(field: int, values: Sequence[str], said: Sequence[float]) -> int:
    """Which of several values that mean the same tells most, by place. `said`: how much speaks for each.

    The spelling that most speaks for stands, with the second name if anybody gave one, and with its accents.
    """
    if field not in NAMES:
        return 0
    spelt = [_words(value) for value in values]
    speaks = {each: sum(odds for odds, other in zip(said, spelt, strict=True) if other == each) for each in spelt}
    likeliest = max(spelt, key=lambda each: (speaks[each], each))
    longest = max((each for each in spelt if each[: len(likeliest)] == likeliest), key=lambda each: (len(each), each))
    same = [at for at, each in enumerate(spelt) if each == longest]
    return max(same, key=lambda at: (sum(not letter.isascii() for letter in values[at]), -at))


@lru_cache(maxsize=100_000)
def _given_name(value: str) -> str:
    """By the first name: many systems know no second one."""
    first = _WORDS.split(value.strip())[0]
    return _telexed(first) or value.casefold()


@lru_cache(maxsize=100_000)
def _telexed(value: str) -> str:
    return (telexed(value) or value.casefold())[:_CUT_OFF]


@lru_cache(maxsize=100_000)
def _words(value: str) -> tuple[str, ...]:
    return tuple(_telexed(word) for word in _WORDS.split(value.strip()))
