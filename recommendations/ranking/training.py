"""Train one kind of item on a time split and say how good it was.

The newest quarter is held out and only reported on; the one before chooses the parameters and weights; the model that
serves is then fitted on everything. Comes in: dealings. Goes out: a recommender and its measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recommendations.candidates import interactions
from recommendations.candidates.collaborative import Collaborative
from recommendations.candidates.content import ContentBased
from recommendations.candidates.contract import History, Scores
from recommendations.candidates.interactions import Dealings
from recommendations.candidates.popularity import Popularity
from recommendations.catalogue.items import Catalogue
from recommendations.models import ItemKind, Policy
from recommendations.ranking.blend import NOT_OFFERED, blended, standardised, weight_grid
from recommendations.ranking.metrics import Quality, quality
from recommendations.ranking.recommender import Recommender

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

TEST, TUNE = 0, 1
NEVER = -1
# ALS must be tuned where it is used: the defaults lost a quarter of the nDCG in our measurements.
GRID = tuple(product((8, 32), (0.1, 3.0), (2.0, 10.0)))
FEWEST_TRAVELLERS = 20
# Enough to tell parameters apart and to judge by; more would only take memory and time.
TUNED_ON = 30_000
JUDGED = 20_000
Rules = Callable[[Dealings, NDArray[np.str_]], NDArray[np.bool_]]


class TooLittleHistory(Exception):
    """There are not enough purchases to learn from or to measure on."""


@dataclass(frozen=True)
class Trained:
    recommender: Recommender
    policy: Policy
    metrics: dict[str, Any]


@dataclass(frozen=True)
class Split:
    """What was known when a quarter began (`history`, of everybody), and for those who then bought something, the
    judged: their history, what they might have been offered, and what they bought."""

    history: History
    popularity: Popularity
    homes: tuple[str, ...]
    judged: History
    eligible: NDArray[np.bool_]
    bought: csr_matrix

    def scored(self, als: Collaborative, content: ContentBased) -> dict[str, Scores]:
        return {o.name: standardised(o.scores(self.judged), self.eligible) for o in (als, content, self.popularity)}

    def warm(self, scores: Scores) -> Quality:
        """How good the scores were for the judged who had a history."""
        rows = self.judged.is_warm
        return quality(scores[rows], self.bought[rows])


def train(dealings: Dealings, catalogue: Catalogue, rules: Rules, algorithms: Sequence[str]) -> Trained:
    """Tune on one quarter, report on the next, fit on all. `algorithms` are the configured ones.

    Raises TooLittleHistory when fewer than twenty travellers bought anything before the tuning quarter or in either.
    """
    tuning, testing = (_split(dealings, catalogue, rules, quarter) for quarter in (TUNE, TEST))
    if min(len(tuning.judged), len(testing.judged), int(tuning.history.is_warm.sum())) < FEWEST_TRAVELLERS:
        raise TooLittleHistory(f"{catalogue.kind}: too few purchases before and in the last two quarters")
    content = ContentBased(catalogue.traits)
    als = _tuned(tuning)
    weights = _weights(tuning, als, content, algorithms)
    metrics, policy = _report(testing, als.fit(testing.history), content, weights)
    serving = _split(dealings, catalogue, rules, NEVER)
    recommender = Recommender(
        catalogue=catalogue,
        collaborative=als.fit(serving.history),
        content=content,
        popularity=serving.popularity,
        homes=serving.homes,
        together=_together(serving.history.likes),
        weights=weights if policy != Policy.POPULARITY else {Popularity.name: 1.0},
    )
    return Trained(recommender, policy, metrics)


def _split(dealings: Dealings, catalogue: Catalogue, rules: Rules, quarter: int) -> Split:
    known, size = dealings.until(quarter), len(catalogue)
    homes = interactions.homes_of(known, catalogue)
    if catalogue.kind == ItemKind.ROUTE:
        known = interactions.without_ways_home(known, catalogue, homes)
    names = tuple(str(home) for home in np.unique(homes) if home)
    number = np.where(homes == "", -1, np.searchsorted(np.array(names or ("",), dtype="<U3"), homes))
    purchases = dealings.of(quarter)
    buyers = np.unique(purchases["person"].to_numpy())[:JUDGED]
    bought = replace(dealings, rows=purchases).only(buyers)
    return Split(
        history=interactions.history(known, size, number),
        popularity=Popularity(_popular(dealings.of(quarter + 1), number, len(names), size)),
        homes=names,
        judged=interactions.history(known.only(buyers), size, number[buyers]),
        eligible=rules(known.only(buyers), homes[buyers]),
        bought=interactions.counts(bought, size, "sold"),
    )


def _popular(recent: pd.DataFrame, home: NDArray[np.int64], homes: int, items: int) -> NDArray[np.float32]:
    """Travellers who bought each item, by home airport; the last row holds those whose home is not known."""
    table = np.zeros((homes + 1, items), dtype=np.float32)
    np.add.at(table, (home[recent["person"].to_numpy()], recent["item"].to_numpy()), 1.0)
    return table


def _tuned(split: Split) -> Collaborative:
    learnt = split.history.rows(np.arange(min(len(split.history), TUNED_ON)))
    tried = []
    for factors, regularization, alpha in GRID:
        als = Collaborative(factors, regularization, alpha).fit(learnt)
        scores = np.where(split.eligible, als.scores(split.judged), NOT_OFFERED)
        tried.append((split.warm(scores).ndcg, -factors, als))
    return max(tried, key=lambda each: each[:2])[2]


def _weights(split: Split, als: Collaborative, content: ContentBased, algorithms: Sequence[str]) -> dict[str, float]:
    """The best division of one among the configured opinions and popularity; a single one without `hybrid`."""
    enabled = tuple(name for name in (als.name, content.name) if name in algorithms)
    if "hybrid" not in algorithms:
        return {(enabled or (Popularity.name,))[0]: 1.0}
    opinions = split.scored(als, content)
    tried = [
        (split.warm(blended(opinions, weights, split.eligible)).ndcg, -at, weights)
        for at, weights in enumerate(weight_grid((*enabled, Popularity.name)))
    ]
    return max(tried, key=lambda each: each[:2])[2]


def _report(
    split: Split, als: Collaborative, content: ContentBased, weights: dict[str, float]
) -> tuple[dict[str, Any], Policy]:
    """Each opinion and the blend on the held-out quarter, and which policy may therefore serve."""
    opinions = split.scored(als, content)
    popular = blended(opinions, {Popularity.name: 1.0}, split.eligible)
    blend = np.where(split.judged.is_warm[:, None], blended(opinions, weights, split.eligible), popular)
    ranked = {"hybrid": blend, "popularity": popular}
    ranked |= {name: np.where(split.eligible, opinions[name], NOT_OFFERED) for name in (als.name, content.name)}
    warm = split.judged.is_warm
    metrics: dict[str, Any] = {
        name: {
            "all": quality(scores, split.bought).as_dict(),
            "warm": quality(scores[warm], split.bought[warm]).as_dict(),
            "cold": quality(scores[~warm], split.bought[~warm]).as_dict(),
        }
        for name, scores in ranked.items()
    }
    served = _policy(weights)
    passed = metrics["hybrid"]["all"]["ndcg"] >= metrics["popularity"]["all"]["ndcg"]
    metrics["gate"] = {"rule": "nDCG@10 of the blend is not below popularity's", "passed": passed}
    metrics["protocol"] = f"time split, last {interactions.QUARTER_DAYS} days held out, all items ranked"
    return metrics, served if passed else Policy.POPULARITY


def _policy(weights: dict[str, float]) -> Policy:
    used = [name for name, weight in weights.items() if weight]
    return Policy(used[0]) if len(used) == 1 else Policy.HYBRID


def _together(likes: csr_matrix) -> NDArray[np.int32]:
    """For each pair of items, the travellers who dealt with both; on the diagonal, with the one."""
    from scipy.sparse import csr_matrix

    ones = csr_matrix((np.ones_like(likes.data), likes.indices, likes.indptr), shape=likes.shape)
    return np.asarray((ones.T @ ones).toarray(), dtype=np.int32)
