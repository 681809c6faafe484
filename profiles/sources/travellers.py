"""A name in a booking as a key: how departure control, tickets and bags name a passenger whom the reservation knows.

Names lose blanks, accents and letters past the twenty-eighth on their way between systems, and titles are glued to
them. What stays is the record locator, the surname and the beginning of the given name.
"""

from __future__ import annotations

import re
from functools import lru_cache

from profiles.models.names import folded

SURNAME_LETTERS, GIVEN_LETTERS = 24, 3
_TITLE = re.compile(r"[ .]?(MRS|MSTR|MISS|MR|MS|DR|PROF|CHD|INF)$", re.IGNORECASE)


@lru_cache(maxsize=100_000)
def traveller(locator: str | None, surname: str | None, given_name: str | None) -> str | None:
    """The key of a passenger in a booking; None where the locator or the surname is missing.

    It identifies one person only within one booking, and only where no other passenger of it has the same key.
    """
    last = folded(surname or "")[:SURNAME_LETTERS]
    if not locator or not last:
        return None
    return f"{locator.strip().upper()}|{last}/{folded(without_title(given_name or ''))[:GIVEN_LETTERS]}"


def without_title(given_name: str) -> str:
    """A given name without the title that reservation systems glue to it (ANNAMRS, ANNA MARIA MS)."""
    bare = _TITLE.sub("", given_name.strip())
    return bare if len(bare) > 1 else given_name.strip()
