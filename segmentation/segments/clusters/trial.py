"""Behavioural groups on somebody's own table, with what can be known about how good they are.

In comes a table and its columns; out goes a `ClusterReport`. With a column of true groups, which nothing learns from,
it says how far the groups found are those.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from segmentation.ml import tables
from segmentation.segments.clusters import explaining, macro_groups, roll_up, stability
from segmentation.segments.clusters.explaining import Explained
from segmentation.segments.clusters.macro_groups import MacroGroup
from segmentation.segments.clusters.preparation import Preparation, Prepared
from segmentation.segments.clusters.stability import AGREED, Graded

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

FEWEST_ROWS = 100
STABLE = 0.8
# A rule that names its group worse than this misleads, so it is not shown.
_SHOWN = 0.85


class Unusable(Exception):
    """The table or what is asked of it cannot give groups; the message says why."""


@dataclass(frozen=True)
class ClusterRequest:
    """`columns`: learn from these only. `per`: rows are events of whom this column names; they are gathered first.

    Without `per` that is guessed, unless `as_rows` says that each row stands for itself.
    """

    paths: Sequence[Path | str]
    columns: Sequence[str] = ()
    drop: Sequence[str] = ()
    truth: str | None = None
    per: str | None = None
    as_rows: bool = False
    seed: int = 1


@dataclass(frozen=True)
class Group:
    """`stability`: mean Jaccard of the group with its counterpart over refits. `active`: large and stable enough."""

    name: str
    macro: str
    rows: int
    share: float
    stability: float
    confidence: float
    active: bool
    traits: list[str]
    rule: str
    rule_precision: float
    rule_recall: float


@dataclass(frozen=True)
class ClusterReport:
    """`clusters` counts the active groups; rows of the others are told by their macro group only."""

    clusters: int
    groups_found: int
    macro_groups: int
    silhouette: float
    refit_agreement: float
    confidence: float
    tree_fidelity: float
    ari: float | None
    rows: int
    gathered_per: str | None
    columns: list[str]
    without_structure: list[str]
    ignored: dict[str, str]
    bells: int
    joined_from: float
    rows_malformed: int
    seconds: float
    seed: int
    warnings: list[str]
    groups: list[Group]

    def to_json(self) -> dict[str, Any]:
        return _rounded(asdict(self))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


def evaluate(request: ClusterRequest) -> ClusterReport:
    started = time.perf_counter()
    table = tables.read(request.paths)
    rows, truth, gathered = _chosen(table.rows, request)
    report = divide(rows, request.seed, truth).report
    return replace(report, gathered_per=gathered, rows_malformed=table.malformed, seconds=time.perf_counter() - started)


@dataclass(frozen=True)
class Divided:
    """The report, and for every row the place of its group in it; `distinct`: the mean silhouette of each group.

    `ways`: for each group the tree's paths that name it. `macro_of`: for each group its place in `macros`.
    """

    report: ClusterReport
    labels: Labels
    distinct: list[float]
    ways: list[tuple[str, ...]]
    macros: list[MacroGroup]
    macro_of: Labels


def divide(rows: pd.DataFrame, seed: int = 1, truth: Labels | None = None) -> Divided:
    """Find the groups that a table of people falls into. Raises Unusable."""
    started = time.perf_counter()
    preparation = Preparation(seed)
    prepared = preparation.fit_transform(rows)
    _require(prepared)
    with threadpool_limits(1):
        found = _found(prepared, seed)
    whole, refits, level = found.whole, found.refits, found.level
    agreed = stability.agreement(refits[2], refits[3], level)
    labels, shares = _labels(whole, level), whole.shares(level, stability.temper(whole, level, found.expected))
    gathered = macro_groups.gather(prepared, whole, refits, level)
    macros = gathered.of
    groups, explained = _groups(preparation, rows, labels, refits, level, shares, macros, seed)
    order = sorted(range(len(groups)), key=lambda place: -groups[place].rows)
    overall, distinct = stability.silhouette(whole, prepared, labels, seed)
    kept = [*whole.fitted.numbers]
    used = [prepared.number_names[p] for p in kept] + [prepared.word_names[p] for p in whole.fitted.words]
    report = ClusterReport(
        clusters=sum(group.active for group in groups),
        groups_found=len(groups),
        macro_groups=int(macros.max()) + 1,
        silhouette=overall,
        refit_agreement=agreed,
        confidence=float(shares.max(axis=1).mean()),
        tree_fidelity=explained.fidelity,
        ari=float(adjusted_rand_score(truth, labels)) if truth is not None else None,
        rows=len(rows),
        gathered_per=None,
        columns=used,
        without_structure=[n for n in (*prepared.number_names, *prepared.word_names) if n not in used],
        ignored=preparation.ignored_,
        bells=whole.fitted.mixture.size,
        joined_from=level,
        rows_malformed=0,
        seconds=time.perf_counter() - started,
        seed=seed,
        warnings=_warnings(agreed, groups),
        groups=[groups[place] for place in order],
    )
    return Divided(
        report,
        np.argsort(order)[labels].astype(np.int64),
        [distinct[place] for place in order],
        [explained.rules[place].ways for place in order],
        macro_groups.describe(preparation, rows, prepared, whole, gathered, labels, shares, seed),
        macros[order],
    )


def _chosen(rows: pd.DataFrame, request: ClusterRequest) -> tuple[pd.DataFrame, Labels | None, str | None]:
    """The columns to learn from, the true groups as numbers, and the column by which events were gathered."""
    truth = None
    if request.truth:
        truth = pd.factorize(rows[_named(rows, request.truth)])[0].astype(np.int64)
        rows = rows.drop(columns=[_named(rows, request.truth)])
    if request.per and truth is not None:
        raise Unusable("--truth stands on rows; gathered with --per there is none a person")
    if who := _whose(rows, request):
        rows = roll_up.per_person(rows, who)
    if request.columns:
        rows = rows[[_named(rows, name) for name in request.columns]]
    return rows.drop(columns=[_named(rows, name) for name in request.drop]), truth, who


def _whose(rows: pd.DataFrame, request: ClusterRequest) -> str | None:
    """Whom events are gathered by: as the request says, or as the table looks where the request chooses nothing."""
    if request.per:
        return _named(rows, request.per)
    chosen = request.as_rows or request.truth or request.columns or request.drop
    return None if chosen else roll_up.whose(rows)


def _named(rows: pd.DataFrame, name: str) -> str:
    found = [column for column in rows.columns if column.strip().casefold() == name.strip().casefold()]
    if name in rows.columns or len(found) == 1:
        return name if name in rows.columns else str(found[0])
    raise Unusable(f"there is no column {name!r}; the table has: {', '.join(map(str, rows.columns[:20]))}")


def _require(prepared: Prepared) -> None:
    if len(prepared) < FEWEST_ROWS:
        raise Unusable(f"{len(prepared)} rows: fewer than {FEWEST_ROWS} give no groups worth a name")
    if prepared.numbers.shape[1] + prepared.words.shape[1] < 1:
        raise Unusable("no column is left to learn from: all are constant, identifiers or free text")


@dataclass(frozen=True)
class _Found:
    """The fit of all rows and four of half of them; the last two judge together what the other pairs chose."""

    whole: Graded
    refits: list[Graded]
    level: float
    expected: float


def _found(prepared: Prepared, seed: int) -> _Found:
    """Heaps where refits agree on them, else the finest even division that they draw alike."""
    first, second = (stability.halves(len(prepared), seed + nth) for nth in (11, 12))
    parts = (None, *first, *second)
    with ThreadPoolExecutor(2) as together:
        whole, *refits = together.map(partial(stability.graded, prepared), parts, range(seed, seed + 5))
    pairs = [(refits[one], refits[other]) for one, other in combinations(range(4), 2) if (one, other) != (2, 3)]
    level, expected = stability.choose_level(pairs)
    heaps = _Found(whole, refits, level, expected)
    groups = int(whole.groups(level).max()) + 1
    # Many groups that nearly hold say more than a dozen even parts.
    steady = expected >= AGREED or (expected >= stability.NEARLY and groups > stability.DIVISIONS[0])
    # Twice the rows may show more than the halves agreed on; what the halves do not see again does not hold.
    steady &= max(stability.agreement(whole, half, level) for half in refits[:2]) >= stability.NEARLY
    for count in stability.DIVISIONS:
        if steady and count <= groups:
            break
        one, other, third = (stability.divided(prepared, parts[nth], seed + nth, count) for nth in (1, 2, 3))
        agreed = [stability.agreement(*pair, 1.0) for pair in ((one, other), (one, third), (other, third))]
        expected = sum(agreed) / len(agreed)
        if min(agreed) >= AGREED:
            whole, fourth = (stability.divided(prepared, parts[nth], seed + nth, count) for nth in (0, 4))
            return _Found(whole, [one, other, third, fourth], 1.0, expected)
    return heaps


def _labels(graded: Graded, level: float) -> Labels:
    return np.unique(graded.labels(level), return_inverse=True)[1].astype(np.int64)


def _groups(
    preparation: Preparation,
    rows: pd.DataFrame,
    labels: Labels,
    refits: Sequence[Graded],
    level: float,
    shares: Floats,
    macros: Labels,
    seed: int,
) -> tuple[list[Group], Explained]:
    sizes = np.bincount(labels)
    explained = explaining.explain(preparation, rows, labels, seed)
    traits = explaining.traits(preparation, rows, labels)
    macro_names = explaining.names(explaining.traits(preparation, rows, macros[labels]))
    if len(macro_names) == 1:
        macro_names = ["Everybody"]
    held = np.mean([stability.jaccard(labels, refit.labels(level)) for refit in refits], axis=0)
    smallest = max(15, 0.0005 * len(labels))
    groups = [
        Group(
            name=name,
            macro=macro_names[macros[place]],
            rows=int(sizes[place]),
            share=float(sizes[place] / len(labels)),
            stability=float(held[place]),
            confidence=float(shares.max(axis=1)[labels == place].mean()),
            active=bool(held[place] >= STABLE and sizes[place] >= smallest),
            traits=[trait.words for trait in traits[place][:5]],
            rule=explained.rules[place].words if explained.rules[place].fidelity >= _SHOWN else "",
            rule_precision=explained.rules[place].precision,
            rule_recall=explained.rules[place].recall,
        )
        for place, name in enumerate(explaining.names(traits))
    ]
    return groups, explained


def _warnings(agreed: float, groups: Sequence[Group]) -> list[str]:
    found = []
    if len(groups) < 2:
        found.append("nothing falls into groups here: one describes all rows as well")
    if agreed < AGREED:
        found.append(f"two refits agree to {agreed:.2f} only: there are shades here rather than groups")
    return found
