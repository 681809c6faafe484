"""Answers. Consent first, then the stored list, then the rules once more, then the log, then the words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, transaction

from iaros.lib import clock, outbox
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Channel, Purpose
from iaros.lib.queues import Queue
from privacy import consent
from recommendations.eligibility import rules
from recommendations.feedback import decisions
from recommendations.models import ItemKind, Recommendation, RecommenderVersion
from recommendations.ranking import packing, reasons, recommender
from recommendations.ranking.ordering import Fallback
from recommendations.ranking.packing import NONE, Source
from recommendations.ranking.recommender import Recommender

RANK_AGAIN = "recommendations.rank_again"
# An offer is personalisation by nature: the contract of carriage does not carry it, so `servicing` is refused.
PURPOSES = (Purpose.PERSONALISATION, Purpose.MARKETING, Purpose.SHARING, Purpose.ANALYTICS)


@dataclass(frozen=True)
class Offer:
    """One recommended item. `score` orders, it is no probability; `propensity` is the chance it had to be shown."""

    item: str
    kind: str
    score: float
    rank: int
    reason: str
    source: str
    propensity: float
    model_version: str


@dataclass(frozen=True)
class RecommendationSet:
    """An answer. `refused` says why there is none; `fallback_level` is the furthest any of the lists had to fall."""

    items: list[Offer]
    decision_id: uuid.UUID | None
    model_version: str
    fallback_level: int
    as_of: datetime | None
    refused: str = ""


@dataclass(frozen=True)
class RecommenderStatus:
    """A kind's serving version for pages and `models/status`; without one, `state` says so."""

    name: str
    kind: str
    state: str
    version: str
    policy: str
    as_of: datetime | None
    trained_at: datetime | None
    train_seconds: float
    metrics: dict[str, Any]
    algorithms: list[dict[str, str]] = field(default_factory=list)


def recommend(
    customer_id: uuid.UUID,
    *,
    kind: ItemKind | str | None = None,
    limit: int = 10,
    purpose: Purpose | str,
    channel: Channel | str | None = None,
    client: str = "",
) -> RecommendationSet:
    """What to offer this person, for a purpose and channel they agree to; both kinds are dealt out in turns.

    Who may not be answered gets an empty set with the reason in `refused`. Every answer is logged as a decision.
    """
    purpose, channel = Purpose(purpose), Channel(channel) if channel else None
    refused = _refusal(customer_id, purpose, channel)
    if refused:
        return RecommendationSet([], None, "", Fallback.NOTHING, None, refused)
    kinds = [ItemKind(kind)] if kind else list(ItemKind)
    lists = _in_time(customer_id, kinds)
    offers = _dealt([_offers(stored) for stored in lists], limit)
    answer = RecommendationSet(
        items=offers,
        decision_id=None,
        model_version=", ".join(stored.version.name for stored in lists),
        fallback_level=max((stored.level for stored in lists), default=Fallback.NOTHING),
        as_of=min((stored.as_of for stored in lists), default=None),
    )
    return _logged(answer, customer_id, lists, purpose, channel, client)


def _refusal(customer_id: uuid.UUID, purpose: Purpose, channel: Channel | None) -> str:
    if purpose not in PURPOSES:
        return f"Recommendations are not given for {purpose.label.lower()}."
    decision = consent.decide(customer_id, purpose, channel)
    return "" if decision.allowed else decision.reason


@dataclass(frozen=True)
class StoredList:
    """The list of one kind as it was ranked, with what may no longer be offered taken out."""

    kind: ItemKind
    version: RecommenderVersion
    model: Recommender
    ranked: Any
    level: int
    as_of: datetime


def _in_time(customer_id: uuid.UUID, kinds: list[ItemKind]) -> list[StoredList]:
    """The stored lists, or what is popular with everybody if the database does not answer within the limit."""
    limit_ms = int(settings.INTELLIGENCE.recommendations.real_time_timeout * 1000)
    champions = [version for version in map(_champion, kinds) if version]
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SHOW statement_timeout")
                before = cursor.fetchone()[0]
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(limit_ms)])
            lists = [stored for version in champions if (stored := _stored(customer_id, version))]
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
            return lists
    except OperationalError:
        return [_popular(version) for version in champions]


def _champion(kind: ItemKind) -> RecommenderVersion | None:
    return RecommenderVersion.objects.defer("artifact").filter(kind=kind, is_champion=True).first()


def _stored(customer_id: uuid.UUID, champion: RecommenderVersion) -> StoredList:
    row = Recommendation.objects.filter(bucket=bucket_of(customer_id), id=customer_id, kind=champion.kind).first()
    if row is None:
        return _popular(champion)
    version = champion if row.version == champion.number else _version(row)
    _ask_again_if_old(row)
    ranked = packing.unpacked(bytes(row.ranked))
    if champion.kind == ItemKind.ANCILLARY:
        ranked = _not_on_trip(ranked, _model(version.id), customer_id, row.as_of)
    return _as_list(row, ranked, version)


def _as_list(row: Recommendation, ranked: Any, version: RecommenderVersion) -> StoredList:
    return StoredList(
        kind=ItemKind(version.kind),
        version=version,
        model=_model(version.id),
        ranked=ranked,
        level=row.fallback_level if len(ranked) else Fallback.NOTHING,
        as_of=row.as_of,
    )


def _ask_again_if_old(row: Recommendation) -> None:
    """A list older than `cache_ttl` is still served, and a worker is asked once a period to rank it again."""
    ttl = settings.INTELLIGENCE.recommendations.cache_ttl
    if (clock.now() - row.computed_at).total_seconds() <= ttl:
        return
    if cache.add(f"rank-again:{row.kind}:{row.id}", 1, timeout=ttl):
        outbox.ring(RANK_AGAIN, queue=Queue.REALTIME, customer_id=str(row.id), kind=row.kind)


def _not_on_trip(ranked: Any, model: Recommender, customer_id: uuid.UUID, as_of: datetime) -> Any:
    """Without what the person has put on the next trip since the list was ranked."""
    taken = rules.codes_on_next_trip(customer_id, as_of)
    return ranked[[model.catalogue.codes[item] not in taken for item in ranked["item"]]] if taken else ranked


def _popular(version: RecommenderVersion) -> StoredList:
    """The list for somebody about whom nothing is stored yet."""
    model = _model(version.id)
    return StoredList(
        kind=ItemKind(version.kind),
        version=version,
        model=model,
        ranked=packing.popular(model.popularity.counts.sum(axis=0), model.catalogue.operated),
        level=Fallback.POPULAR_OVERALL,
        as_of=version.as_of,
    )


@lru_cache(maxsize=8)
def _model(version_id: uuid.UUID) -> Recommender:
    # A version never changes, so a process may keep it; eight are two kinds and some being replaced.
    return recommender.restored(RecommenderVersion.objects.get(id=version_id))


def _version(row: Recommendation) -> RecommenderVersion:
    return RecommenderVersion.objects.defer("artifact").get(kind=row.kind, number=row.version)


def _offers(stored: StoredList) -> list[Offer]:
    codes = stored.model.catalogue.codes
    return [
        Offer(
            item=codes[row["item"]],
            kind=stored.kind.value,
            score=round(float(row["score"]), 4),
            rank=0,
            reason=reasons.in_words(
                stored.kind,
                packing.Reason(int(row["reason"])),
                item=codes[row["item"]],
                evidence=_evidence(stored.model, row),
                count=int(row["count"]),
            ),
            source=Source(int(row["source"])).name.lower(),
            propensity=1.0,
            model_version=stored.version.name,
        )
        for row in stored.ranked
    ]


def _evidence(model: Recommender, row: Any) -> str:
    if row["evidence"] == NONE:
        return ""
    if row["reason"] == packing.Reason.POPULAR_FROM_HOME:
        return model.homes[row["evidence"]]
    return model.catalogue.codes[row["evidence"]]


def _dealt(lists: list[list[Offer]], limit: int) -> list[Offer]:
    """The lists merged in turns, ranked from 1: scores of a route and of an extra bag do not compare."""
    turns = [offers[turn] for turn in range(packing.KEPT) for offers in lists if turn < len(offers)]
    return [Offer(**{**vars(offer), "rank": rank}) for rank, offer in enumerate(turns[:limit], start=1)]


def _logged(
    answer: RecommendationSet,
    customer_id: uuid.UUID,
    lists: list[StoredList],
    purpose: Purpose,
    channel: Channel | None,
    client: str,
) -> RecommendationSet:
    decision_id = decisions.log(
        customer_id=customer_id,
        items=[offer.item for offer in answer.items],
        propensities=[offer.propensity for offer in answer.items],
        policy=",".join(sorted({stored.version.policy for stored in lists})),
        version=answer.model_version,
        fallback_level=answer.fallback_level,
        purpose=purpose,
        channel=channel,
        client=client,
    )
    return RecommendationSet(**{**vars(answer), "decision_id": decision_id})


def stored_lists(customer_id: uuid.UUID) -> list[dict[str, Any]]:
    """What is stored for the person, in words, for the access package. No gate: they ask for their own."""
    mine = Recommendation.objects.filter(bucket=bucket_of(customer_id), kind__in=ItemKind.values, id=customer_id)
    rows = mine.order_by("kind")
    lists = [_as_list(row, packing.unpacked(bytes(row.ranked)), _version(row)) for row in rows]
    return [
        {"kind": stored.kind.value, "as_of": stored.as_of.isoformat(), "items": [vars(o) for o in _offers(stored)]}
        for stored in lists
    ]


def recommender_status() -> list[RecommenderStatus]:
    """What serves for each kind, how good it was on its time split, and which configured algorithms are there."""
    return [_status(kind) for kind in ItemKind]


def _status(kind: ItemKind) -> RecommenderStatus:
    version = _champion(kind)
    name, algorithms = f"recommend_{kind}", configured_algorithms()
    if version is None:
        return RecommenderStatus(name, kind.value, "no champion", "", "", None, None, 0.0, {}, algorithms)
    return RecommenderStatus(
        name=name,
        kind=kind.value,
        state="serving",
        version=version.name,
        policy=version.policy,
        as_of=version.as_of,
        trained_at=version.trained_at,
        train_seconds=version.train_seconds,
        metrics=version.metrics,
        algorithms=algorithms,
    )


def configured_algorithms() -> list[dict[str, str]]:
    """The configured algorithms and whether they are installed."""
    return [
        {"name": name, "state": "not installed" if name == "deep_learning" else "installed"}
        for name in settings.INTELLIGENCE.recommendations.algorithms
    ]
