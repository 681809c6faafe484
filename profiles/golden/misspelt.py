"""How likely a name is a slip of the finger: unknown ones that are one slip away from a name many have mostly are.

A noisy channel (Kernighan, Church and Gale, COLING 1990): how many people with the common name would be written so by
mistake, against how many can be called so. Shares of common names and the rate of slips are those of the match model
in force, which were learnt on records without looking at anybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from profiles.models import MatchModelVersion
from profiles.models.names import telexed
from profiles.nicknames import ROOTS
from profiles.sources.contract import PERSON_FIELDS

_SHIPPED = Path(__file__).parents[1] / "identity" / "match_model.json"
# Nine in ten Americans have one of 162,253 surnames (Census 2010, names of a hundred people and more): a name that is
# not common has about one in 300,000.
RARE = 1 / 300_000
# What a slip of a letter mostly makes of a name (Damerau, CACM 7, 1964): lost, doubled, exchanged, or one of the keys
# around it.
_SLIPS_OF_A_LETTER = 8
_FIELDS = ("given_name", "surname")
_GIVEN = PERSON_FIELDS.index("given_name")


class Names:
    """The names that many have, by field, and how often a name is written with a slip."""

    def __init__(self, model: Mapping[str, Any]) -> None:
        shares, levels = model.get("frequencies", {}), model.get("comparisons", {})
        self._shares = {PERSON_FIELDS.index(f): _spelt(shares.get(f, {})) for f in _FIELDS}
        self._slips = {PERSON_FIELDS.index(f): _rate(levels.get(f, ())) for f in _FIELDS}
        self._near: dict[int, dict[str, set[str]]] = {
            field: _by_remainder(known) for field, known in self._shares.items()
        }
        self._chance = lru_cache(maxsize=100_000)(self._work_out)

    def chance(self, field: int, value: str) -> float:
        """How likely it is that somebody of whom this is told, by position in PERSON_FIELDS, is called otherwise."""
        return self._chance(field, value) if field in self._shares else 0.0

    def _work_out(self, field: int, value: str) -> float:
        known, word = self._shares[field], telexed(value.split(" ")[0] if field == _GIVEN else value)
        if len(word) < 2 or word in known or (field == _GIVEN and word in ROOTS):
            return 0.0
        near = {name for part in _remainders(word) for name in self._near[field].get(part, ()) if _one_slip(word, name)}
        by_mistake = sum(known[name] * self._slips[field] / (_SLIPS_OF_A_LETTER * len(name)) for name in near)
        return by_mistake / (by_mistake + RARE)


def in_force() -> Names:
    """By the champion among the match models, or the one that is shipped."""
    champion = MatchModelVersion.objects.filter(champion=True).values_list("pk", flat=True).first()
    return _of_version(champion)


@lru_cache(maxsize=2)
def _of_version(version: int | None) -> Names:
    if version is None:
        return Names(orjson.loads(_SHIPPED.read_bytes()))
    return Names(MatchModelVersion.objects.get(pk=version).weights)


def _spelt(shares: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for name, share in shares.items():
        found[telexed(name)] += share
    return dict(found)


def _rate(levels: Any) -> float:
    """Of two records of one person either may have the slip."""
    return next((float(level["m"]) / 2 for level in levels if level["name"] == "one slip"), 0.0)


def _by_remainder(names: Mapping[str, float]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for part in _remainders(name):
            found[part].add(name)
    return dict(found)


def _remainders(word: str) -> Iterator[str]:
    """The word, and what is left of it without one letter: words one slip apart have one of these in common."""
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _one_slip(one: str, other: str) -> bool:
    from rapidfuzz.distance import OSA  # Not every command that starts compares names.

    return bool(OSA.distance(one, other, score_cutoff=1) <= 1)
