"""Tables whose rows are drawn from known groups, of several kinds; nothing of the method is used to make them.

`python -m tests.segmentation.known_groups KIND FILE.parquet [SEED]` writes one, with its groups in the column `truth`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Kind:
    """`apart`: the least distance between two middles, in spreads of about .9."""

    rows: int = 20_000
    informative: int = 8
    noise: int = 0
    words: int = 0
    groups: int = 96
    apart: float = 4.5
    nested: bool = False
    uneven: bool = False
    correlated: bool = False
    scaled: bool = False
    logged: bool = False


KINDS = {
    "plain": Kind(),
    "few rows": Kind(rows=5_000, informative=12),
    "nested, 50,000 rows": Kind(rows=50_000, informative=12, nested=True),
    "uneven sizes and scales": Kind(rows=40_000, uneven=True, scaled=True),
    "correlated": Kind(rows=30_000, correlated=True),
    "twelve columns of noise": Kind(rows=30_000, informative=6, noise=12),
    "three columns, fifteen of noise": Kind(rows=30_000, informative=3, noise=15, apart=6.0),
    "words": Kind(rows=30_000, informative=5, noise=2, words=4),
    "long tails": Kind(rows=30_000, logged=True, scaled=True),
    "everything": Kind(rows=50_000, noise=6, words=3, correlated=True, uneven=True, scaled=True),
    "everything, few rows": Kind(rows=6_000, informative=6, correlated=True, uneven=True),
}


def table(kind: Kind, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(kind.groups, 2.0)) if kind.uneven else np.full(kind.groups, 1 / kind.groups)
    shares = np.maximum(shares, 0.002)
    group = rng.choice(kind.groups, kind.rows, p=shares / shares.sum())
    numbers = _middles(kind, rng)[group] + _scatter(kind, rng, group)
    if kind.correlated:
        numbers = numbers @ (np.eye(kind.informative) + rng.normal(0, 0.4, (kind.informative, kind.informative)))
    if kind.logged:
        numbers = np.exp((numbers - numbers.min()) / np.ptp(numbers) * 8)
    if kind.scaled:
        numbers = numbers * 10.0 ** rng.integers(-2, 5, kind.informative)
    columns: dict[str, object] = {f"told {place}": column for place, column in enumerate(numbers.T)}
    columns |= {f"noise {place}": _noise(rng, place, kind.rows) for place in range(kind.noise)}
    columns |= {f"word {place}": _words(kind, rng, group) for place in range(kind.words)}
    frame = pd.DataFrame(columns)
    frame = frame[list(rng.permutation(frame.columns))]
    return frame.assign(truth=[f"group {number}" for number in group])


def _middles(kind: Kind, rng: np.random.Generator) -> np.ndarray:
    side = max(6.0, kind.groups ** (1 / kind.informative) * kind.apart * 0.9)
    parents = rng.normal(0, 12, (12, kind.informative))
    found: list[np.ndarray] = []
    tries = 0
    while len(found) < kind.groups:
        tries += 1
        near = parents[len(found) * 12 // kind.groups] + rng.normal(0, 2.2, kind.informative)
        one = near if kind.nested else rng.uniform(-side, side, kind.informative) * (1.1 ** (tries // 20_000))
        if all(np.linalg.norm(one - other) > kind.apart for other in found):
            found.append(one)
    return np.array(found)


def _scatter(kind: Kind, rng: np.random.Generator, group: np.ndarray) -> np.ndarray:
    drawn = rng.normal(size=(len(group), kind.informative))
    if not kind.correlated:
        return drawn * rng.uniform(0.6, 1.2, (kind.groups, kind.informative))[group]
    turns = np.linalg.qr(rng.normal(size=(kind.groups, kind.informative, kind.informative)))[0]
    turns = turns * rng.uniform(0.4, 1.2, (kind.groups, 1, kind.informative))
    return np.einsum("nd,nde->ne", drawn, turns[group])


def _noise(rng: np.random.Generator, place: int, rows: int) -> np.ndarray:
    shapes = (rng.normal(50, 10, rows), rng.uniform(0, 1, rows), rng.lognormal(3, 1, rows), rng.poisson(3, rows))
    return np.asarray(shapes[place % len(shapes)])


def _words(kind: Kind, rng: np.random.Generator, group: np.ndarray) -> np.ndarray:
    odds = np.cumsum(rng.dirichlet(np.full(6, 0.25), kind.groups), axis=1)
    code = (rng.random((len(group), 1)) > odds[group]).sum(axis=1).clip(0, 5)
    return np.array(["web", "app", "agency", "phone", "partner", "desk"])[code]


if __name__ == "__main__":
    table(KINDS[sys.argv[1]], int(sys.argv[3]) if len(sys.argv) > 3 else 0).to_parquet(sys.argv[2])
