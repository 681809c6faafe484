"""What a holdout can show: the smallest difference in a rate that so many treated and held out would reveal."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

SURE, FOUND = 0.95, 0.8


@dataclass(frozen=True)
class Power:
    """With `held_out` against `treated` people, a `detectable` difference from the `baseline` rate would be found in
    four of five such trials; None where a side is empty."""

    treated: int
    held_out: int
    baseline: float
    detectable: float | None

    @property
    def told(self) -> str:
        if self.detectable is None:
            return "Without people on both sides nothing can be compared."
        return (
            f"{self.held_out:,} held out against {self.treated:,}: a change from {self.baseline:.1%} by "
            f"{self.detectable:.1%} or more would be seen."
        )


def power(treated: int, held_out: int, baseline: float) -> Power:
    """Two rates compared from both sides at 5 %, found at 80 %; `baseline` is the rate without sending."""
    from scipy.stats import norm

    if not treated or not held_out:
        return Power(treated, held_out, baseline, None)
    # A rate of nought or one would promise to see anything; half a person more makes it humble.
    rate = (baseline * held_out + 0.5) / (held_out + 1)
    spread = sqrt(rate * (1 - rate) * (1 / treated + 1 / held_out))
    away = float(norm.ppf(1 - (1 - SURE) / 2) + norm.ppf(FOUND))
    return Power(treated, held_out, baseline, away * spread)
