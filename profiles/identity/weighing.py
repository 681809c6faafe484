"""What speaks for and against two customers being one: every form in which the one is told of against every form of the
other, weighed with the match model. The best two forms speak for the pair; a contradiction is one over all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.identity import company, forms, routes, vetoes
from profiles.identity.candidates import Pair
from profiles.identity.forms import Forms
from profiles.identity.match_models import InForce
from profiles.identity.matching.comparisons import Column
from profiles.identity.matching.scoring import Scorer, Weighed, columns_of

_COMPARED = ("given_name", "surname", "birth_date", "gender")
_BORN_ALIKE = ("same", "day and month exchanged", "one slip", "other day", "other month", "two slips")
# What tells a person from their namesakes: without one of these a sum of weights is about a name.
_TELLING = {
    "birth_date": ("same", "day and month exchanged", "one slip"),
    "email": ("same",),
    "phone": ("same", "one slip"),
}
# Of two names that many people have neither is a slip of the other.
_SLIPS = ("one slip", "nearly the same", "one slip in the first name", "alike")
PRIOR = "prior"


@dataclass(frozen=True)
class Weighing:
    """Two customers compared. `weight` in bits, of the best pair of their forms; `parts` what it is made of, for pairs
    that are likely at all."""

    weight: float
    parts: tuple[tuple[str, str, float], ...] = ()
    against: str = ""  # a contradiction that a person may know better of
    never: str = ""  # why they are two people, whoever asks
    telling: bool = True  # whether they agree in anything but names, or travelled alike
    by_travels: bool = False  # whether their travels are all there is beside names

    @property
    def apart(self) -> bool:
        return bool(self.against or self.never)

    def evidence(self, version: int) -> dict[str, Any]:
        """As links and pairs keep it: outcomes and weights, no values."""
        kept: dict[str, Any] = {"model": version, "parts": [list(part) for part in self.parts]}
        return kept | ({"against": self.against} if self.against else {})


def weigh(
    pairs: Sequence[Pair],
    in_force: InForce,
    base: int,
    known: vetoes.Known | None = None,
    said: forms.Told | None = None,
) -> dict[Pair, Weighing]:
    """Each pair weighed, on a base of so many customers. `known` remembers what was read of those who are likely,
    `said` how everybody is told of."""
    known = known if known is not None else vetoes.Known()
    told = forms.of(sorted({customer for pair in pairs for customer in pair}, key=attrgetter("int")), said)
    model = in_force.on_base(base)
    columns = columns_of(told.columns)
    scorer = Scorer(model, columns)
    left, right, cuts = _crossed(pairs, told)
    weighed = scorer.weigh(left, right)
    best, weights = _best(weighed.weight, cuts)
    levels = {c.name: [level.name for level in model.comparisons[c.name]] for c in scorer.comparisons}
    two_names = _two_names(columns["given_root"], left, right, in_force.given_names)
    against = _against(weighed, levels, told, pairs, cuts, two_names)
    telling = _telling(weighed, levels, cuts).tolist()
    travels = _by_travels(pairs, weights, best, against, telling, in_force, max(base, model.records))
    by_travels = {at for at in travels if not telling[at]}
    for at, part in travels.items():
        weights[at], telling[at] = weights[at] + part[2], True
    likely = {at for at, weight in enumerate(weights) if best[at] >= 0 and weight >= in_force.review_from}
    known.ask(customer for at in likely for customer in pairs[at])
    born = told.columns["birth_date"]
    found: dict[Pair, Weighing] = {}
    for at, pair in enumerate(pairs):
        if best[at] < 0:
            continue
        if at not in likely:
            found[pair] = Weighing(weights[at], (), against[at], "", telling[at], at in by_travels)
            continue
        found[pair] = Weighing(
            weights[at],
            _parts(weighed, levels, best[at], model.prior_weight) + _rounded(travels.get(at)),
            against[at] or known.doubtful(*pair, {day for each in pair for day in born[slice(*told.spans[each])]}),
            known.forbidden(*pair),
            telling[at],
            at in by_travels,
        )
    return found


def _by_travels(
    pairs: Sequence[Pair],
    weights: Sequence[float],
    best: Sequence[int],
    against: Sequence[str],
    telling: Sequence[bool],
    in_force: InForce,
    base: int,
) -> dict[int, tuple[str, str, float]]:
    """By place of a pair that is not sure by what they say themselves, what their travels say for them: the company
    they kept, or else the agency and route."""
    enough = in_force.link_from - max(company.most_bits(base), routes.most_bits())
    asked = [
        at
        for at, weight in enumerate(weights)
        if best[at] >= 0 and not against[at] and weight >= enough and (not telling[at] or weight < in_force.link_from)
    ]
    common = max(in_force.model.frequencies.get("given_name", {}).values(), default=1.0)
    together = company.bits([pairs[at] for at in asked], base, common=common)
    alike = routes.bits([pairs[at] for at in asked if pairs[at] not in together])
    found = {at: ("company", "the same", together[pairs[at]]) for at in asked if pairs[at] in together}
    return found | {at: ("agency and route", "the same", alike[pairs[at]]) for at in asked if pairs[at] in alike}


def _crossed(pairs: Sequence[Pair], told: Forms) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every form of one against every form of the other; `cuts` says where each pair's begin."""
    spans = np.array([told.spans[one] + told.spans[other] for one, other in pairs], dtype=np.int64).reshape(-1, 4)
    mine, theirs = spans[:, 1] - spans[:, 0], spans[:, 3] - spans[:, 2]
    sizes = mine * theirs
    cuts = np.concatenate([[0], np.cumsum(sizes)])
    at = np.repeat(np.arange(len(spans)), sizes)
    nth = np.arange(cuts[-1]) - cuts[at]
    return spans[at, 0] + nth // theirs[at], spans[at, 2] + nth % theirs[at], cuts


def _best(weight: NDArray[np.float64], cuts: NDArray[np.int64]) -> tuple[list[int], list[float]]:
    """By pair, the place of its heaviest forms, and their weight; -1 where one of the two has none."""
    best = np.full(len(cuts) - 1, -1, dtype=np.int64)
    held = np.flatnonzero(cuts[1:] > cuts[:-1])
    if len(held):
        most = np.repeat(np.maximum.reduceat(weight, cuts[held]), cuts[held + 1] - cuts[held])
        place = np.flatnonzero(weight == most)
        owner = np.searchsorted(cuts, place, side="right") - 1
        _, first = np.unique(owner, return_index=True)
        best[held] = place[first]
    return best.tolist(), np.append(weight, np.nan)[best].tolist()


def _parts(
    weighed: Weighed, levels: dict[str, list[str]], place: int, prior: float
) -> tuple[tuple[str, str, float], ...]:
    """The waterfall: the prior, then what each comparison that said something added."""
    parts = [(PRIOR, "", round(prior, 3))]
    for name, outcomes in levels.items():
        reached = int(weighed.reached[name][place])
        if reached >= 0:
            parts.append((name, outcomes[reached], round(float(weighed.parts[name][place]), 3)))
    return tuple(parts)


def _rounded(part: tuple[str, str, float] | None) -> tuple[tuple[str, str, float], ...]:
    return ((part[0], part[1], round(part[2], 3)),) if part else ()


def _against(
    weighed: Weighed,
    levels: dict[str, list[str]],
    told: Forms,
    pairs: Sequence[Pair],
    cuts: NDArray[np.int64],
    two_names: NDArray[np.bool_],
) -> list[str]:
    """By pair, what contradicts in names, birth date, sex or suffix, over all their forms. `two_names`: of which forms
    the given names are two, however alike they look."""
    known: dict[str, list[bool]] = {}
    agrees: dict[str, list[bool]] = {}
    for name in _COMPARED:
        if name not in weighed.reached:
            continue
        reached = weighed.reached[name]
        alike = [at for at, level in enumerate(levels[name]) if _is_alike(name, level)]
        known[name] = _any(reached >= 0, cuts).tolist()
        holds = np.isin(reached, alike)
        if name == "given_name":
            holds &= ~(two_names & np.isin(reached, [at for at, level in enumerate(levels[name]) if level in _SLIPS]))
        agrees[name] = _any(holds, cuts).tolist()
    found = []
    for at, (one, other) in enumerate(pairs):
        differs = [name for name in known if known[name][at] and not agrees[name][at]]
        born_alike = "birth_date" in agrees and agrees["birth_date"][at]
        if differs == ["surname"] and born_alike:
            differs = []  # People marry.
        mine, theirs = told.suffix[one], told.suffix[other]
        if mine and theirs and not mine & theirs:
            differs.append("suffix")
        if not all(name in known and known[name][at] for name in ("given_name", "surname")):
            differs.append("no name to compare")
        found.append(", ".join(name.replace("_", " ") for name in differs))
    return found


def _two_names(
    roots: Column, left: NDArray[np.int64], right: NDArray[np.int64], known: frozenset[str]
) -> NDArray[np.bool_]:
    """By pair of forms, whether both given names are names that many have, and not the same."""
    one, other = roots.codes[left], roots.codes[right]
    is_known = np.array([value in known for value in roots.values])
    return np.asarray(is_known[one] & is_known[other] & (one != other))


def _telling(weighed: Weighed, levels: dict[str, list[str]], cuts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """By pair, whether any two of their forms agree in more than names."""
    found = np.zeros(len(weighed.weight), dtype=bool)
    for name, outcomes in _TELLING.items():
        if name in weighed.reached:
            found |= np.isin(weighed.reached[name], [at for at, level in enumerate(levels[name]) if level in outcomes])
    return _any(found, cuts)


def _any(holds: NDArray[np.bool_], cuts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """By pair, whether it holds for any two of their forms."""
    so_far = np.concatenate([[0], np.cumsum(holds)])
    return np.asarray(so_far[cuts[1:]] > so_far[cuts[:-1]])


def _is_alike(name: str, level: str) -> bool:
    return level in _BORN_ALIKE if name == "birth_date" else level != "otherwise"
