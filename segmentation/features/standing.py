"""How each feature stands in the base: how many have a value, how the values lie, and whether they have moved.

Comes in: a sample of the stored vectors, and the values of the same people ninety days before, found again from events.
Goes out: figures by name, kept in the cache under the run that they were measured on, so a new run asks for new ones.
A feature without a past has no reference, and shows none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import numpy as np
import orjson
import pandas as pd
from django.core.cache import cache
from numpy.typing import NDArray

from segmentation.features import offline, store
from segmentation.features.catalogue import FEATURES, NAMES, VERSION
from segmentation.features.facts import Which
from segmentation.features.grammar import Parity
from segmentation.models import FeatureRun

Values = NDArray[np.float32]

SAMPLE, COMPARED = 4_000, 1_500
BACK = timedelta(days=90)
# The usual reading of the population stability index: below the first steady, above the second moved.
MOVING, MOVED = 0.1, 0.25
_FEWEST = 100
_BARS, _KEPT_SECONDS = 12, 7 * 86_400


@dataclass(frozen=True)
class Standing:
    """One feature over the sample; `edges` are the lower ends of the bars, the last bar holds all from its edge on.

    `each`: a bar is one value, not a range. `now` and `before` count people; `drift` is None without a reference.
    """

    name: str
    known: float
    low: float | None
    middle: float | None
    high: float | None
    mean: float | None
    each: bool
    edges: list[float]
    now: list[int]
    before: list[int]
    known_before: float | None
    drift: float | None


@dataclass(frozen=True)
class Cell:
    """People of the sample in one RFM cell, and what they spent in two years on average."""

    people: int
    spent: float


@dataclass(frozen=True)
class Measured:
    """What was found on one run: of so many people, as of its moment, against so many of the reference's."""

    as_of: datetime
    reference_at: datetime
    people: int
    compared: int
    features: dict[str, Standing]
    cells: dict[int, Cell]


def newest_run() -> FeatureRun | None:
    """The last completed run of today's catalogue."""
    runs = FeatureRun.objects.filter(finished_at__isnull=False, catalogue_version=VERSION)
    return runs.order_by("-finished_at").first()


def measured(run: FeatureRun | None) -> Measured | None:
    """What is known of the run already, without measuring anything."""
    kept = cache.get(_key(run)) if run else None
    return _read(kept) if kept else None


def measure(run: FeatureRun) -> Measured:
    """The same, measured now if it was not yet: some seconds, once a run."""
    known = measured(run)
    if known is not None:
        return known
    found = _measure(run)
    cache.set(_key(run), orjson.dumps(asdict(found), option=orjson.OPT_NON_STR_KEYS).decode(), _KEPT_SECONDS)
    return found


def _key(run: FeatureRun) -> str:
    return f"features:standing:{run.id}"


def _read(kept: str) -> Measured:
    told = orjson.loads(kept)
    return Measured(
        as_of=datetime.fromisoformat(told["as_of"]),
        reference_at=datetime.fromisoformat(told["reference_at"]),
        people=told["people"],
        compared=told["compared"],
        features={name: Standing(**one) for name, one in told["features"].items()},
        cells={int(cell): Cell(**one) for cell, one in told["cells"].items()},
    )


def _measure(run: FeatureRun) -> Measured:
    # An id ends in a byte of chance, so that the first buckets are as good a sample as any.
    high = min(max(ceil(SAMPLE / max(run.profiles / 256, 1)), 1), 256) - 1
    block = store.read(Which(low=0, high=high))
    now = block.values[:SAMPLE]
    at = run.as_of - BACK
    before = _before(block.ids[:SAMPLE], at)
    return Measured(
        as_of=run.as_of,
        reference_at=at,
        people=len(now),
        compared=len(next(iter(before.values()), ())),
        features={name: _standing(name, now[:, place], before.get(name)) for place, name in enumerate(NAMES)},
        cells=_cells(now),
    )


def _before(ids: NDArray[np.uint8], at: datetime) -> dict[str, Values]:
    """Values as of then of those who were known by then, by feature; nothing where they were too few."""
    names = [one.name for one in FEATURES if one.parity is not Parity.NONE]
    people = [UUID(bytes=row.tobytes()) for row in ids[:COMPARED]]
    if not people:
        return {}
    found = offline.frame(pd.DataFrame({"customer_id": people, "at": at}), names)
    found = found[found["profile:tenure_days"].notna()]
    return {name: found[name].to_numpy(dtype=np.float32) for name in names} if len(found) >= _FEWEST else {}


def _standing(name: str, values: Values, before: Values | None) -> Standing:
    known = values[~np.isnan(values)]
    edges, each = _edges(known)
    now = _counted(known, edges)
    earlier = before[~np.isnan(before)] if before is not None else None
    then = _counted(earlier, edges) if earlier is not None else []
    told = [float(q) for q in np.quantile(known, (0.05, 0.5, 0.95))] if len(known) else [None, None, None]
    return Standing(
        name=name,
        known=len(known) / len(values) if len(values) else 0.0,
        low=told[0],
        middle=told[1],
        high=told[2],
        mean=float(known.mean(dtype=np.float64)) if len(known) else None,
        each=each,
        edges=[float(edge) for edge in edges],
        now=now,
        before=then,
        known_before=len(earlier) / len(before) if before is not None and earlier is not None and len(before) else None,
        drift=_drift(now, len(values), then, len(before)) if before is not None else None,
    )


def _edges(known: Values) -> tuple[NDArray[np.float64], bool]:
    """Where the bars begin: one a value where there are few, else steps from the least to the 99th of a hundred."""
    different = np.unique(known).astype(np.float64)
    if len(different) <= _BARS:
        return different, True
    top = float(np.quantile(known, 0.99))
    if top <= different[0]:
        return different[:2], False
    return np.linspace(different[0], top, _BARS), False


def _counted(known: Values, edges: NDArray[np.float64]) -> list[int]:
    """People by bar; what lies below the first edge counts to it."""
    if not len(edges):
        return []
    place = np.clip(np.searchsorted(edges, known.astype(np.float64), side="right") - 1, 0, len(edges) - 1)
    return [int(count) for count in np.bincount(place, minlength=len(edges))]


def _drift(now: list[int], people: int, before: list[int], known: int) -> float:
    """Population stability index over the bars and "no value"; half a person a bar keeps it finite."""
    one, other = (
        np.array([*bars, total - sum(bars)], dtype=np.float64) for bars, total in ((now, people), (before, known))
    )
    one, other = ((counts + 0.5) / (counts + 0.5).sum() for counts in (one, other))
    return round(float(((one - other) * np.log(one / other)).sum()), 4)


def _shares(bars: list[int], people: int) -> NDArray[np.float64]:
    counts = np.array([*bars, people - sum(bars)], dtype=np.float64) + 0.5
    return counts / counts.sum()


def _cells(values: Values) -> dict[int, Cell]:
    cell, spent = (values[:, NAMES.index(name)] for name in ("rfm:cell", "spend:value_sum_730d"))
    placed = ~np.isnan(cell)
    found = {}
    for one in np.unique(cell[placed]).tolist():
        mine = placed & (cell == one)
        found[int(one)] = Cell(int(mine.sum()), float(np.nan_to_num(spent[mine]).mean(dtype=np.float64)))
    return found
