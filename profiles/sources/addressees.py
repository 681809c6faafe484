"""Whose a contact is that a booking names without a passenger: an e-mail address often spells its owner's name.

`axel.gustafsson12@...` in a booking of Axel and Emma is Axel's. Where no address says so, nobody is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from profiles.models.names import telexed
from profiles.sources.travellers import without_suffix, without_title

_NO_LETTERS = re.compile(r"[\W\d_]+")
_SHORTEST = 3


def addressee(email: str, names: Sequence[tuple[str | None, str]]) -> int | None:
    """The place in `names` (given name, surname) of the one person whom the address names; None for nobody or two.

    The given name tells, whole or by its beginning, or its initial beside the surname; a surname alone is a family's.
    """
    words = [telexed(word) for word in _NO_LETTERS.split(email.partition("@")[0]) if word]
    named = [at for at, (given, surname) in enumerate(names) if given and _names(words, given, surname)]
    return named[0] if len(named) == 1 else None


def _names(words: Sequence[str], given_name: str, surname: str) -> bool:
    given = telexed(re.split(r"[\s\-]+", without_title(given_name))[0])
    last = telexed(without_suffix(surname)[0])
    if not given:
        return False
    glued = "".join(words)
    whole = {given + last, last + given, given[0] + last, last + given[0]} if last else set()
    others = [word for word in words if word != last]
    return glued in whole or any(len(word) >= _SHORTEST and given.startswith(word) for word in others)
