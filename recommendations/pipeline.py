"""Recommendations from left to right: catalogue, dealings, training, gate, ranking, one narrow row a customer.

Comes in: events of customers who pass the gate of analytics. Goes out: a version a kind and a ranked list a customer.
What is shown to a person passes the gate of its own purpose, in `selectors`.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator
from datetime import datetime

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from numpy.typing import NDArray

from iaros.lib import clock, copying
from iaros.lib.ids import BUCKETS, ascending
from iaros.lib.reports import Progress, StageReport, silent, timed
from recommendations.candidates import interactions
from recommendations.candidates.interactions import Dealings
from recommendations.catalogue import items
from recommendations.catalogue.items import Catalogue
from recommendations.eligibility import rules
from recommendations.models import KIND_NUMBERS, ItemKind, Policy, RecommenderVersion
from recommendations.ranking import ordering, packing, recommender, training
from recommendations.ranking.ordering import Block, Ranked
from recommendations.ranking.recommender import Recommender

# Customers ranked at once: enough to keep the processors busy, few enough for some hundred megabytes.
BLOCK_CUSTOMERS = 16_384
TRAIN_CUSTOMERS = 200_000


def refresh(as_of: datetime | None = None, progress: Progress = silent, *, train: bool = False) -> list[StageReport]:
    """Train what has no champion (or everything, with `train`), then rank every customer. Running twice is harmless."""
    moment = as_of or clock.now()
    reports: list[StageReport] = []
    for kind in sorted(ItemKind):  # as in the key of the lists, so that the second kind is written behind the first
        with timed(f"recommendations: train {kind}", reports) as watch:
            version = None if train else champion(kind)
            if version is None:
                watch.profiles, watch.note = _retrained(kind, moment)
                version = champion(kind)
            else:
                watch.note = f"{version.name} serves"
        if version is not None:
            with timed(f"recommendations: rank {kind}", reports) as watch:
                watch.profiles = rank_all(version, moment, progress)
                watch.note = version.policy
    return reports


def champion(kind: ItemKind) -> RecommenderVersion | None:
    """The version that serves, if one was ever trained."""
    return RecommenderVersion.objects.filter(kind=kind, is_champion=True).first()


def _retrained(kind: ItemKind, as_of: datetime) -> tuple[int, str]:
    try:
        version, travellers = retrain(kind, as_of)
    except training.TooLittleHistory as reason:
        return 0, str(reason)
    return travellers, f"{version.name} serves {version.policy}"


def retrain(kind: ItemKind, as_of: datetime) -> tuple[RecommenderVersion, int]:
    """Train, measure, write the version down and let it serve: what it serves was decided by the gate.

    Raises TooLittleHistory when there is too little to learn from or to measure on.
    """
    began = time.perf_counter()
    catalogue = items.load(kind, as_of)
    dealings = interactions.read(catalogue, as_of, high=_enough_buckets() - 1)
    algorithms = settings.INTELLIGENCE.recommendations.algorithms

    def offered(known: Dealings, homes: NDArray[np.str_]) -> NDArray[np.bool_]:
        return _offered(catalogue, known, homes, np.zeros((len(known), len(catalogue)), dtype=bool))

    if not len(catalogue):
        raise training.TooLittleHistory(f"{kind}: nothing was sold three times")
    trained = training.train(dealings, catalogue, offered, algorithms)
    return _stored(trained, kind, as_of, algorithms, time.perf_counter() - began), len(dealings)


def _enough_buckets() -> int:
    """Buckets to train on: all of them, or as many as hold two hundred thousand customers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM profiles_customer WHERE merged_into IS NULL")
        customers = cursor.fetchone()[0]
    return max(1, min(BUCKETS, BUCKETS * TRAIN_CUSTOMERS // max(customers, 1)))


@transaction.atomic
def _stored(
    trained: training.Trained, kind: ItemKind, as_of: datetime, algorithms: tuple[str, ...], seconds: float
) -> RecommenderVersion:
    artifact = trained.recommender.artifact()
    previous = RecommenderVersion.objects.filter(kind=kind)
    number = (previous.aggregate(newest=Max("number"))["newest"] or 0) + 1
    previous.filter(is_champion=True).update(is_champion=False)
    return RecommenderVersion.objects.create(
        kind=kind,
        number=number,
        policy=trained.policy,
        artifact=artifact,
        sha256=hashlib.sha256(artifact).hexdigest(),
        params={**trained.recommender.params(), "algorithms": list(algorithms)},
        metrics=trained.metrics,
        as_of=as_of,
        train_seconds=round(seconds, 3),
        is_champion=True,
    )


@transaction.atomic
def promote(version: RecommenderVersion) -> None:
    """Let an earlier version serve again, with the policy its own measurements allowed."""
    RecommenderVersion.objects.filter(kind=version.kind, is_champion=True).update(is_champion=False)
    RecommenderVersion.objects.filter(id=version.id).update(is_champion=True)


def rank_all(version: RecommenderVersion, as_of: datetime, progress: Progress = silent) -> int:
    """Rank every customer, some buckets at a time, and return how many there were. Each block is its own commit."""
    model = recommender.restored(version)
    ranked = 0
    for low, high in _blocks():
        dealings = interactions.read(model.catalogue, as_of, low=low, high=high)
        _replace(version, dealings, rank_block(model, version, dealings, as_of, low, high), as_of, low, high)
        ranked += len(dealings)
        progress(phase=f"rank {version.kind}", done=high + 1, total=BUCKETS)
    return ranked


def _blocks() -> Iterator[tuple[int, int]]:
    """Ranges of buckets that hold about BLOCK_CUSTOMERS customers each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM profiles_customer WHERE merged_into IS NULL")
        customers = cursor.fetchone()[0]
    width = max(1, min(BUCKETS, BUCKETS * BLOCK_CUSTOMERS // max(customers, 1)))
    for low in range(0, BUCKETS, width):
        yield low, min(low + width, BUCKETS) - 1


def rank_block(
    model: Recommender, version: RecommenderVersion, dealings: Dealings, as_of: datetime, low: int, high: int
) -> Ranked:
    """Rank the customers of `dealings`: rules first, opinions after."""
    catalogue, size = model.catalogue, len(model.catalogue)
    homes = interactions.homes_of(dealings, catalogue)
    known = dealings
    if catalogue.kind == ItemKind.ROUTE:
        known = interactions.without_ways_home(dealings, catalogue, homes)
    on_trip = rules.on_next_trip(catalogue, dealings.customers, as_of, low=low, high=high)
    block = Block(
        history=interactions.history(known, size, model.home_numbers(homes)),
        eligible=_offered(catalogue, known, homes, on_trip),
        bought=interactions.counts(known, size, "sold"),
        searched=interactions.counts(known, size, "searched"),
    )
    return ordering.rank(model, Policy(version.policy), block)


def _offered(
    catalogue: Catalogue, known: Dealings, homes: NDArray[np.str_], on_trip: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    if catalogue.kind == ItemKind.ANCILLARY:
        return rules.ancillaries_not_on_trip(catalogue, on_trip)
    bought = interactions.counts(known, len(catalogue), "sold").toarray() > 0
    return rules.routes_from_home(catalogue, homes, bought)


@transaction.atomic
def _replace(
    version: RecommenderVersion, dealings: Dealings, ranked: Ranked, as_of: datetime, low: int, high: int
) -> None:
    # Who no longer passes the gate loses the row here, and readers keep the old block until the commit.
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM recommendations_recommendation WHERE bucket BETWEEN %s AND %s AND kind = %s",
            [low, high, KIND_NUMBERS[ItemKind(version.kind)]],
        )
        if len(dealings):
            _copy(cursor, version, dealings.customers, ranked, as_of)


def rank_one(version: RecommenderVersion, customer_id: uuid.UUID, as_of: datetime) -> None:
    """Rank one customer again, on everything known by `as_of`, and store it; nothing for one who may not be."""
    model = recommender.restored(version)
    dealings = interactions.read(model.catalogue, as_of, customer=customer_id)
    if not len(dealings):
        return
    bucket = int(dealings.customers[0, 15])
    ranked = rank_block(model, version, dealings, as_of, bucket, bucket)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM recommendations_recommendation WHERE bucket = %s AND id = %s AND kind = %s",
            [bucket, customer_id, KIND_NUMBERS[ItemKind(version.kind)]],
        )
        _copy(cursor, version, dealings.customers, ranked, as_of)


def _copy(
    cursor: object, version: RecommenderVersion, customers: NDArray[np.uint8], ranked: Ranked, as_of: datetime
) -> None:
    rows, now = len(customers), np.datetime64(clock.now().replace(tzinfo=None), "us")
    moment = np.datetime64(as_of.astimezone(clock.UTC).replace(tzinfo=None), "us")
    order = ascending(customers, by_bucket=True)
    columns: dict[str, copying.Column] = {
        "bucket": copying.smallints(customers[order, 15]),
        "id": copying.uuids(customers[order]),
        "kind": copying.smallints(np.full(rows, KIND_NUMBERS[ItemKind(version.kind)])),
        "ranked": copying.blobs(packing.packed(ranked.lists[order])),
        "fallback_level": copying.smallints(ranked.levels[order]),
        "version": copying.smallints(np.full(rows, version.number)),
        "as_of": copying.timestamps(np.full(rows, moment)),
        "computed_at": copying.timestamps(np.full(rows, now)),
    }
    copying.copy_in(cursor, "recommendations_recommendation", columns)
