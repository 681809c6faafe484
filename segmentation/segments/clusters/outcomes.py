"""What the models that speak expect of each group, and whether that is other than they expect of the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.features.store import Block
from segmentation.models import Score

OUTCOMES = ("churn_90d", "value_12m")
# Standard errors (Welch), and spreads (Cohen's d), that a mean must lie from that of the others.
_SURE, _FAR = 3.0, 0.1


@dataclass(frozen=True)
class Expected:
    """`means` by the name of the score; `differs` in one of them at least, None where none could be compared."""

    means: dict[str, float]
    differs: bool | None


def expected(block: Block, labels: NDArray[np.int64]) -> list[Expected]:
    """For every group of the block's customers; nothing where no champion spoke."""
    groups = int(labels.max()) + 1
    told = {name: _compared(values, labels, groups) for name, values in _scores(block).items()}
    found = []
    for group in range(groups):
        means = {name: mean for name, sides in told.items() if (mean := sides[group][0]) is not None}
        differs = [apart for sides in told.values() if (apart := sides[group][1]) is not None]
        found.append(Expected(means, any(differs) if differs else None))
    return found


def _scores(block: Block) -> dict[str, NDArray[np.float64]]:
    """A column for each outcome in the order of the block, NaN where the model did not speak."""
    place = {row.tobytes(): at for at, row in enumerate(block.ids)}
    found = {name: np.full(len(block), np.nan) for name in OUTCOMES}
    buckets = sorted(set(block.ids[:, 15].tolist()))
    rows = Score.objects.filter(bucket__in=buckets, entity_kind="customer", name__in=OUTCOMES)
    for entity, name, value in rows.values_list("entity_id", "name", "value"):
        at = place.get(entity.bytes)
        if at is not None:
            found[name][at] = value
    return found


def _compared(
    values: NDArray[np.float64], labels: NDArray[np.int64], groups: int
) -> list[tuple[float | None, bool | None]]:
    """For every group its mean, and whether it lies apart from that of the others."""
    spoken = ~np.isnan(values)
    sides = []
    for group in range(groups):
        mine, others = values[spoken & (labels == group)], values[spoken & (labels != group)]
        apart = _apart(mine, others) if len(mine) > 1 and len(others) > 1 else None
        sides.append((float(mine.mean()) if len(mine) else None, apart))
    return sides


def _apart(mine: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    away = abs(mine.mean() - others.mean())
    error = np.sqrt(mine.var(ddof=1) / len(mine) + others.var(ddof=1) / len(others))
    spread = np.sqrt((mine.var(ddof=1) + others.var(ddof=1)) / 2)
    return bool(away > _SURE * error and away > _FAR * spread)
