"""A name in a booking as a key: how departure control, tickets and bags name a passenger whom the reservation knows.

Names lose blanks, accents and letters past the twenty-eighth on their way between systems, and titles are glued to
them. What stays is the record locator, the surname and the beginning of the given name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from profiles.models.names import telexed

SURNAME_LETTERS, GIVEN_LETTERS = 24, 3
_MOST = 32_000  # passengers' numbers are small integers
_SUFFIX = re.compile(r"(?<=\w\w)(?:[ .]?(JR)|[ .](SR|II|III|IV))\.?$", re.IGNORECASE)
_TITLE = re.compile(r"[ .]?(MRS|MSTR|MISS|MR|MS|DR|PROF|CHD|INF)$", re.IGNORECASE)


@lru_cache(maxsize=100_000)
def traveller(locator: str | None, surname: str | None, given_name: str | None) -> str | None:
    """The key of a passenger in a booking; None where the locator or the surname is missing.

    It identifies one person only within one booking, and only where no other passenger of it has the same key.
    """
    last = telexed(without_suffix(surname or "")[0])[:SURNAME_LETTERS]
    if not locator or not last:
        return None
    return f"{locator.strip().upper()}|{last}/{telexed(without_title(given_name or ''))[:GIVEN_LETTERS]}"


@lru_cache(maxsize=20_000)
def without_title(given_name: str) -> str:
    """A given name without the title that reservation systems glue to it (ANNAMRS, ANNA MARIA MS)."""
    bare = _TITLE.sub("", given_name.strip())
    return bare if len(bare) > 1 else given_name.strip()


@lru_cache(maxsize=20_000)
def title_of(given_name: str) -> str | None:
    """The title that is glued to a given name, or follows it."""
    found = _TITLE.search(given_name.strip())
    return found[1].upper() if found and found.start() > 0 and found[1].upper() not in ("CHD", "INF") else None


@lru_cache(maxsize=20_000)
def without_suffix(surname: str) -> tuple[str, str | None]:
    """A surname without the generation that reservation systems glue to it (SMITHJR, SMITH III), and that suffix."""
    bare = surname.strip()
    found = _SUFFIX.search(bare)
    return (bare[: found.start()], (found[1] or found[2]).upper()) if found else (bare, None)


def numbers(references: Sequence[str], order: Sequence[int]) -> list[int]:
    """A number for each passenger of a record: by the sender's references where each has a number of its own, by
    their order otherwise.

    `2` and `1.1` stay the same when another passenger is split off or joins; an order does not.
    """
    told = [_as_number(reference) for reference in references]
    return told if all(told) and len(set(told)) == len(told) else list(order)


def _as_number(reference: str) -> int:
    """`2` as 2, `1.1` as 101; 0 where the reference is no number that fits."""
    first, dot, second = reference.partition(".")
    if not (first.isascii() and first.isdigit()) or (dot and not (second.isascii() and second.isdigit())):
        return 0
    number = int(first) * 100 + int(second) if dot else int(first)
    return number if 0 < number <= _MOST else 0
