"""Rank a block of customers: scores, the best ten, and the evidence for each.

Comes in: histories and what each may be offered. Goes out: packed lists and how far each had to fall back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recommendations.candidates.contract import History, Scores
from recommendations.candidates.popularity import Popularity
from recommendations.models import Policy
from recommendations.ranking.blend import NOT_OFFERED, top
from recommendations.ranking.packing import KEPT, NONE, Reason, Source, empty
from recommendations.ranking.recommender import SOURCES, Recommender

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Fewer travellers than this are not counted aloud in a reason.
FEWEST_NAMED = 5


class Fallback(IntEnum):
    """How far an answer is from the best we can do."""

    PERSONALISED = 0
    OWN_HISTORY = 1
    POPULAR_FROM_HOME = 2
    POPULAR_OVERALL = 3
    NOTHING = 4


@dataclass(frozen=True)
class Block:
    """Some customers: their history, what they may be offered, and how often they bought and searched each item."""

    history: History
    eligible: NDArray[np.bool_]
    bought: csr_matrix
    searched: csr_matrix

    def __len__(self) -> int:
        return len(self.history)


@dataclass(frozen=True)
class Ranked:
    lists: NDArray[np.void]
    levels: NDArray[np.int16]


def rank(recommender: Recommender, policy: Policy, block: Block) -> Ranked:
    """The best ten for each customer of the block."""
    opinions = recommender.opinions(block.history, block.eligible)
    scores = recommender.scores(opinions, block.history, block.eligible)
    best = top(scores, KEPT)
    offered = np.take_along_axis(scores, best, axis=1) > NOT_OFFERED / 2
    lists = empty(len(block))
    kept = lists[:, : best.shape[1]]
    kept["item"] = np.where(offered, best, NONE)
    # The order is what counts; the logistic only brings it between 0 and 1. It is not a probability.
    kept["score"] = np.where(offered, _logistic(np.take_along_axis(scores, best, axis=1)), 0)
    kept["source"] = _sources(recommender, opinions, block.history, best)
    _explain(recommender, block, best, kept)
    return Ranked(lists, _levels(policy, block.history, np.asarray(offered.any(axis=1))))


def _logistic(values: Scores) -> Scores:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -30, 30))), dtype=np.float32)


def _levels(policy: Policy, history: History, has_items: NDArray[np.bool_]) -> NDArray[np.int16]:
    by_history = {Policy.HYBRID: Fallback.PERSONALISED, Policy.POPULARITY: None}.get(policy, Fallback.OWN_HISTORY)
    popular = np.where(history.home >= 0, Fallback.POPULAR_FROM_HOME, Fallback.POPULAR_OVERALL)
    levels = popular if by_history is None else np.where(history.is_warm, by_history, popular)
    return np.where(has_items, levels, Fallback.NOTHING).astype(np.int16)


def _sources(
    recommender: Recommender, opinions: dict[str, Scores], history: History, best: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """The opinion that added most to the score of each listed item; popularity for whoever has no history."""
    names = [name for name in opinions if recommender.weights.get(name)] or [Popularity.name]
    shares = [
        np.float32(recommender.weights.get(name, 1.0)) * np.take_along_axis(opinions[name], best, axis=1)
        for name in names
    ]
    codes = np.array([SOURCES[name] for name in names], dtype=np.uint8)
    return np.where(history.is_warm[:, None], codes[np.argmax(shares, axis=0)], np.uint8(Source.POPULARITY))


def _explain(recommender: Recommender, block: Block, best: NDArray[np.int64], kept: NDArray[np.void]) -> None:
    """Write the strongest true reason of each item: own deeds, else who did likewise, else what is popular."""
    rows = np.repeat(np.arange(len(block)), best.shape[1])
    items = best.ravel()
    bought = np.asarray(block.bought[rows, items]).reshape(best.shape)
    searched = np.asarray(block.searched[rows, items]).reshape(best.shape)
    local, overall = _travellers(recommender, block.history.home, best)
    evidence, together = _companion(recommender, block, best)
    alike = kept["source"] == Source.CONTENT_BASED
    cases = [
        (bought > 0, Reason.BOUGHT_BEFORE, best, bought),
        (searched > 0, Reason.SEARCHED, best, searched),
        ((evidence != NONE) & alike, Reason.ALIKE, evidence, together),
        ((together >= FEWEST_NAMED) & (kept["source"] != Source.POPULARITY), Reason.OTHERS_ALSO, evidence, together),
        (local > 0, Reason.POPULAR_FROM_HOME, np.broadcast_to(block.history.home[:, None], best.shape), local),
    ]
    conditions = [case[0] for case in cases]
    kept["reason"] = np.select(conditions, [np.uint8(case[1]) for case in cases], np.uint8(Reason.POPULAR))
    kept["evidence"] = np.select(conditions, [case[2] for case in cases], best)
    kept["count"] = np.select(conditions, [case[3] for case in cases], overall)


def _travellers(
    recommender: Recommender, home: NDArray[np.int64], best: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each listed item: travellers from the same home, and from anywhere, who bought it in the last quarter."""
    popular = recommender.popularity.counts.astype(np.int64)
    local = np.where(home[:, None] >= 0, popular[home[:, None], best], 0)
    return local, popular.sum(axis=0)[best]


def _companion(
    recommender: Recommender, block: Block, best: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of what the person bought, the item that goes best with each listed one, and how many travellers had both.

    "Best" is the share of the rarer item's travellers: a count alone would always name the busiest route.
    """
    own = np.diff(block.bought.indptr)
    evidence = np.full(best.shape, NONE, dtype=np.int64)
    together = np.zeros(best.shape, dtype=np.int64)
    if not block.bought.nnz:
        return evidence, together
    person = np.repeat(np.arange(len(block)), own)
    number = recommender.together[block.bought.indices[:, None], best[person]]
    single = np.diagonal(recommender.together).astype(np.float64)
    affinity = number / np.maximum(np.minimum(single[block.bought.indices][:, None], single[best[person]]), 1.0)
    has = np.flatnonzero(own)
    starts = block.bought.indptr[:-1][has]
    strongest = np.maximum.reduceat(affinity, starts, axis=0)
    is_it = affinity >= np.repeat(strongest, own[has], axis=0)
    at = np.where(is_it, np.arange(len(person))[:, None], -1)
    chosen = np.maximum.reduceat(at, starts, axis=0)
    evidence[has] = block.bought.indices[chosen]
    together[has] = np.take_along_axis(number, chosen, axis=0)
    return evidence, together
