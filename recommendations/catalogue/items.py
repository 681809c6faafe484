"""The catalogue of one kind of item as of a moment.

Comes in: what was sold. Goes out: codes with attribute rows. Refuses: what was sold fewer than three times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import airportsdata
import numpy as np
from numpy.typing import NDArray

from iaros.lib import sql
from profiles.currency import minor_units
from profiles.models import EventKind
from recommendations.models import ItemKind

HISTORY = timedelta(days=3 * 365)
OPERATED_WITHIN = timedelta(days=365)
FEWEST_SALES = 3
PRICE_BANDS = 5
SOLD_AS = {ItemKind.ROUTE: EventKind.BOOKING_MADE, ItemKind.ANCILLARY: EventKind.ANCILLARY_BOUGHT}
ANCILLARY_NAMES = {
    "extra_bag": "an extra bag",
    "seat": "a chosen seat",
    "meal": "a meal",
    "lounge": "lounge access",
    "priority": "priority boarding",
    "insurance": "travel insurance",
    "wifi": "wifi on board",
    "extra_legroom": "extra legroom",
}
# What an ancillary is about; there are eight, so a table is clearer than a column.
_ANCILLARY_TRAITS = {
    "extra_bag": ("luggage", "practical"),
    "seat": ("seating", "comfort"),
    "meal": ("on board", "comfort"),
    "lounge": ("airport", "comfort", "premium"),
    "priority": ("airport", "time", "premium"),
    "insurance": ("cover", "practical"),
    "wifi": ("on board", "work"),
    "extra_legroom": ("seating", "comfort", "premium"),
}


@dataclass(frozen=True)
class Catalogue:
    """Items in the order of their numbers. `traits` has one unit row an item; equal rows are alike."""

    kind: ItemKind
    codes: tuple[str, ...]
    operated: NDArray[np.bool_]
    traits: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def origins(self) -> NDArray[np.str_]:
        """Where each route leaves from; empty for ancillaries, which leave from anywhere."""
        return np.array([code.partition("-")[0] if "-" in code else "" for code in self.codes], dtype="<U3")


def load(kind: ItemKind, as_of: datetime) -> Catalogue:
    """The items of `kind` known at `as_of`."""
    rows = sql.fetch(
        __package__,
        "items.sql",
        kind=SOLD_AS[kind],
        as_of=as_of,
        since=as_of - HISTORY,
        operated_since=as_of - OPERATED_WITHIN,
        fewest=FEWEST_SALES,
        minor_units=minor_units(),
    )
    bands = price_bands(np.array([row["mean_price"] or 0.0 for row in rows]))
    words = [
        [*traits_of(kind, row["item"], row["haul"]), f"price {band}"] for row, band in zip(rows, bands, strict=True)
    ]
    return Catalogue(
        kind=kind,
        codes=tuple(row["item"] for row in rows),
        operated=np.array([row["operated"] for row in rows], dtype=bool),
        traits=unit_rows(words),
    )


def price_bands(prices: NDArray[np.float64]) -> list[int]:
    """Fifths of the price, 0 the cheapest."""
    if not len(prices):
        return []
    edges = np.quantile(prices, np.linspace(0, 1, PRICE_BANDS + 1)[1:-1])
    return [int(band) for band in np.searchsorted(edges, prices, side="right")]


def traits_of(kind: ItemKind, code: str, haul: str) -> list[str]:
    """The words in which two items can be alike."""
    if kind == ItemKind.ANCILLARY:
        return [f"code {code}", *_ANCILLARY_TRAITS.get(code, ())]
    origin, _, destination = code.partition("-")
    airport = _airports().get(destination)
    words = [f"from {origin}", f"to {destination}", f"haul {haul}"]
    if airport:
        words += [f"country {airport['country']}", f"climate {int(abs(airport['lat']) // 8)}"]
    return words


def country_of(code: str) -> str:
    """The country a route goes to, as ISO alpha-2; empty where it is not known."""
    airport = _airports().get(code.partition("-")[2])
    return airport["country"] if airport else ""


@lru_cache(maxsize=1)
def _airports() -> dict[str, airportsdata.Airport]:
    return airportsdata.load("IATA")


def unit_rows(words: list[list[str]]) -> NDArray[np.float32]:
    """Rare words count more than common ones; every row has length one."""
    vocabulary = {word: at for at, word in enumerate(sorted({word for row in words for word in row}))}
    table = np.zeros((len(words), max(len(vocabulary), 1)), dtype=np.float32)
    for at, row in enumerate(words):
        table[at, [vocabulary[word] for word in row]] = 1.0
    rarity = np.log1p(len(words) / np.maximum(table.sum(axis=0), 1.0))
    weighted = table * rarity
    return np.asarray(weighted / np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-9), dtype=np.float32)
