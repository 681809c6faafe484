"""Models of numbers that the platform ships: estimated on demo worlds whose truth is known, judged on another seed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from iaros.benchmarks import people, scratch
from iaros.demo import itineraries, world
from iaros.demo.block import Block
from iaros.demo.fares import CABINS
from iaros.demo.seasons import END
from iaros.demo.trips import CHANNELS
from profiles.enrichment import trip_purpose
from profiles.enrichment.history import Trips
from profiles.identity import learning, match_models
from profiles.identity.matching.model import MatchModel


def trip_purpose_model(*, size: int, seed: int, judged_on_seed: int, write: bool) -> dict[str, Any]:
    """Estimate why trips were made on one world and judge it on another; with `write`, keep the weights.

    Returns what was measured: accuracy, the share of the commonest purpose (what a guess reaches), the mean
    probability given to the likeliest purpose, and the calibration error over ten bins.
    """
    table, truth = _booked(size, seed)
    fitted = LogisticRegression(C=10.0, max_iter=2000, fit_intercept=False).fit(table, truth)
    weights = fitted.coef_.T
    seen, answer = _booked(size, judged_on_seed)
    chances = trip_purpose.probabilities(seen, weights)
    best, sure = chances.argmax(axis=1), chances.max(axis=1)
    right = best == answer
    if write:
        told = {
            "version": 1,
            "estimated_on": f"demo world of {size:,} people, seed {seed}: {len(truth):,} bookings",
            "traits": trip_purpose.TRAITS,
            "purposes": trip_purpose.PURPOSES,
            "weights": [[round(float(weight), 4) for weight in row] for row in weights],
        }
        trip_purpose.FILE.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    return {
        "model": "trip_purpose",
        "bookings": len(truth),
        "judged_on": len(answer),
        "accuracy": round(float(right.mean()), 4),
        "commonest": round(float(np.bincount(answer).max() / len(answer)), 4),
        "mean_confidence": round(float(sure.mean()), 4),
        "calibration_error": round(_calibration_error(sure, right), 4),
        "by_purpose": {
            name: round(float(right[answer == at].mean()), 4) for at, name in enumerate(trip_purpose.PURPOSES)
        },
        "written": write,
    }


def shipped_match_model(*, size: int, seed: int, write: bool) -> dict[str, Any]:
    """Estimate the match model on a demo world, on a scratch database; with `write`, keep it as the shipped one."""
    with scratch.scratch() as folder:
        people.take_in(folder, size, seed, lambda _: None)
        model = learning.learn(size * 4)
    model = replace(model, learnt_from=f"demo world of {size:,} people, seed {seed}: {model.learnt_from}")
    if write:
        match_models.FILE.write_bytes(orjson.dumps(model.to_json(), option=orjson.OPT_INDENT_2) + b"\n")
    return _match_model(model) | {"written": write}


def own_match_model(*, size: int, promote: bool) -> dict[str, Any]:
    """Estimate the match model on this installation's records, `size` customers at most, and keep it as a version."""
    model = learning.learn(size)
    row = match_models.keep(model, promote=promote)
    return _match_model(model) | {"version": row.pk, "promoted": promote}


def _match_model(model: MatchModel) -> dict[str, Any]:
    return {
        "model": "identity",
        "learnt_from": model.learnt_from,
        "link_from": round(model.threshold, 3),
        "review_from": round(model.review, 3),
        "prior": model.prior,
        "weights": {
            name: {level.name: round(level.weight, 2) for level in levels} for name, levels in model.comparisons.items()
        },
    }


def _booked(size: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Traits and true purpose of every booking that the files of a world hold."""
    tables, truths = [], []
    for block in world.build(size, seed).blocks():
        booked = np.flatnonzero(block.trips.created < END)
        tables.append(trip_purpose.traits(_trips(block, booked)))
        truths.append(block.trips.purpose[booked])
    return np.concatenate(tables), np.concatenate(truths)


def _trips(block: Block, booked: NDArray[np.int64]) -> Trips:
    """The bookings of a block as the enricher would see them."""
    trips, travellers, legs = block.trips, block.travellers, block.legs
    count = len(trips)
    departs = itineraries.first_departure(trips, legs)
    returns = np.full(count, np.iinfo(np.int64).max)
    back = np.flatnonzero(legs.way_back)
    np.minimum.at(returns, legs.trip[back], legs.departs[back])
    young = np.bincount(travellers.trip, weights=~block.people.adult[travellers.person], minlength=count) > 0
    size = np.bincount(travellers.trip, minlength=count)
    chosen = booked
    moments = np.where(returns == np.iinfo(np.int64).max, np.datetime64("NaT"), returns.astype("datetime64[s]"))
    return Trips(
        customer=np.zeros(len(chosen), dtype=np.int64),
        passenger=np.zeros((len(chosen), 16), dtype=np.uint8),
        origin=np.full(len(chosen), None, dtype=object),
        destination=np.full(len(chosen), None, dtype=object),
        created_at=trips.created[chosen].astype("datetime64[s]"),
        departs_at=departs[chosen].astype("datetime64[s]"),
        returns_at=moments[chosen],
        party_size=size[chosen],
        with_child=young[chosen],
        premium=np.isin(np.array(list(CABINS), dtype=object)[block.bought.cabin[chosen]], ("C", "F")),
        channel=np.array(CHANNELS, dtype=object)[trips.channel[chosen]],
        cancelled=trips.cancelled[chosen] > 0,
    )


def _calibration_error(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Mean distance of confidence and accuracy over ten bins of equal width, weighted by size."""
    bins = np.minimum((sure * 10).astype(int), 9)
    size = np.bincount(bins, minlength=10)
    gap = np.abs(np.bincount(bins, weights=sure, minlength=10) - np.bincount(bins, weights=right, minlength=10))
    return float(gap.sum() / max(size.sum(), 1))
