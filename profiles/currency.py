"""Amounts in the airline's own currency, at the rate of the day on which they were agreed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from iaros.lib import copying
from profiles.models import ExchangeRate
from profiles.sources import codes


@dataclass(frozen=True)
class Rates:
    """Known rates by currency: days ascending, and units of the currency for one of the airline's."""

    days: dict[str, NDArray[np.datetime64]]
    units: dict[str, NDArray[np.float64]]

    @classmethod
    def load(cls) -> Rates:
        days: dict[str, list[Any]] = {}
        units: dict[str, list[float]] = {}
        rows = ExchangeRate.objects.order_by("currency", "day").values_list("currency", "day", "units_per_base")
        for currency, day, rate in rows.iterator():
            days.setdefault(currency, []).append(day)
            units.setdefault(currency, []).append(rate)
        return cls(
            {c: np.array(d, dtype="datetime64[D]") for c, d in days.items()}, {c: np.array(u) for c, u in units.items()}
        )

    def on(self, currency: str, moments: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """The last rate known on each day; NaN before the first."""
        if currency == settings.BASE_CURRENCY:
            return np.ones(len(moments))
        if currency not in self.days:
            return np.full(len(moments), np.nan)
        at = np.searchsorted(self.days[currency], moments.astype("datetime64[D]"), side="right") - 1
        return np.where(at >= 0, self.units[currency][np.maximum(at, 0)], np.nan)


def in_base_currency(
    values: Any, currency: Sequence[str | None], moments: Any, rates: Rates | None = None
) -> copying.Column:
    """Minor units of the airline's currency; NULL where no rate is known: an amount never passes as another."""
    base = minor_in_base(values, currency, moments, rates)
    present = ~np.isnan(base)
    return copying.nullable(copying.bigints(np.where(present, base, 0).astype(np.int64)), present)


def minor_in_base(
    values: Any, currency: Sequence[str | None], moments: Any, rates: Rates | None = None
) -> NDArray[np.float64]:
    """The same as whole numbers, NaN where no rate is known or there is no amount.

    Each currency has the decimals that the code table `currency_minor_units` says: yen have none.
    """
    amounts = np.asarray(values, dtype=np.int64)
    at = np.asarray(moments).astype("datetime64[us]")
    told = np.array([c or "" for c in currency], dtype=object)
    per_base = np.full(len(amounts), np.nan)  # minor units of theirs for one of ours
    ours = codes.decimals(settings.BASE_CURRENCY)
    foreign = {c for c in set(told.tolist()) if c and c != settings.BASE_CURRENCY}
    known = rates or (Rates.load() if foreign else Rates({}, {}))
    for code in set(told.tolist()) - {""}:
        rows = told == code
        per_base[rows] = known.on(code, at[rows]) * 10.0 ** (codes.decimals(code) - ours)
    return np.rint(np.where(amounts >= 0, amounts, np.nan) / per_base)
