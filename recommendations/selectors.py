"""Answers. Consent first, then the stored list, then the rules once more, then the log, then the words."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError

from iaros.lib import clock, outbox, sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Channel, Purpose
from iaros.lib.queues import Queue
from privacy import consent
from recommendations import one_person
from recommendations.eligibility import rules
from recommendations.feedback import decisions
from recommendations.models import ItemKind, Recommendation, RecommenderVersion
from recommendations.one_person import StoredRow
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
    """An answer about the customer, or about whom they were folded into. `refused` says why there is none;
    `fallback_level` is the furthest any of the lists had to fall."""

    customer_id: uuid.UUID
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
    beside: Callable[[uuid.UUID], None] | None = None,
) -> RecommendationSet:
    """What to offer this person, for a purpose and channel they agree to; both kinds are dealt out in turns.

    Who may not be answered gets an empty set with the reason in `refused`. Every answer is logged as a decision, and
    what `beside` writes about the customer goes with it: both are written before there is an answer, or there is none.
    """
    purpose, channel = Purpose(purpose), Channel(channel) if channel else None
    if purpose not in PURPOSES:
        return _refused(customer_id, f"Recommendations are not given for {purpose.label.lower()}.")
    kinds = [ItemKind(kind)] if kind else list(ItemKind)
    customer_id, lists = _in_time(customer_id, kinds, purpose, channel)
    if lists is None:
        decision = consent.decide(customer_id, purpose, channel)
        return _refused(customer_id, decision.reason)
    answer = RecommendationSet(
        customer_id=customer_id,
        items=_dealt(lists, limit),
        decision_id=None,
        model_version=", ".join(stored.version.name for stored in lists),
        fallback_level=max((stored.level for stored in lists), default=Fallback.NOTHING),
        as_of=min((stored.as_of for stored in lists), default=None),
    )
    with sql.together():
        logged = _logged(answer, lists, purpose, channel, client)
        if beside:
            beside(customer_id)
    return logged


def _refused(customer_id: uuid.UUID, reason: str) -> RecommendationSet:
    return RecommendationSet(customer_id, [], None, "", Fallback.NOTHING, None, reason)


@dataclass(frozen=True)
class StoredList:
    """The list of one kind as it was ranked, with what may no longer be offered taken out."""

    kind: ItemKind
    version: RecommenderVersion
    model: Recommender
    ranked: Any
    level: int
    as_of: datetime


def _in_time(
    customer_id: uuid.UUID, kinds: list[ItemKind], purpose: Purpose, channel: Channel | None
) -> tuple[uuid.UUID, list[StoredList] | None]:
    """The customer, or whom they were folded into, and the stored lists; None where they may not be told.

    What is popular with everybody, if the database does not answer within the limit.
    """
    try:
        with one_person.in_time():
            found = one_person.look_up(customer_id, kinds, purpose, channel)
            if found and found.merged_into:
                customer_id = found.merged_into
                found = one_person.look_up(customer_id, kinds, purpose, channel)
            if not found or not found.allowed:
                return customer_id, None
            taken = {row.champion_id: rules.still_ahead(row.extras, row.as_of) for row in found.rows if row.as_of}
    except OperationalError:
        if not consent.decide(customer_id, purpose, channel).allowed:
            return customer_id, None
        return customer_id, [_popular(version) for version in map(_champion, kinds) if version]
    lists = [_stored(customer_id, row, taken.get(row.champion_id, set())) for row in found.rows]
    return customer_id, sorted(lists, key=lambda one: kinds.index(one.kind))


def _champion(kind: ItemKind) -> RecommenderVersion | None:
    return RecommenderVersion.objects.defer("artifact").filter(kind=kind, is_champion=True).first()


def _stored(customer_id: uuid.UUID, row: StoredRow, taken: set[str]) -> StoredList:
    """The list without what the person has put on the next trip since it was ranked."""
    if row.version_id is None or row.kind is None or row.ranked is None:
        return _popular(_version(row.champion_id))
    _ask_again_if_old(customer_id, row)
    version, ranked = _version(row.version_id), packing.unpacked(bytes(row.ranked))
    if taken:
        codes = _model(version.id).catalogue.codes
        ranked = ranked[[codes[item] not in taken for item in ranked["item"]]]
    return _as_list(row, ranked, version)


def _as_list(row: Recommendation | StoredRow, ranked: Any, version: RecommenderVersion) -> StoredList:
    return StoredList(
        kind=ItemKind(version.kind),
        version=version,
        model=_model(version.id),
        ranked=ranked,
        level=row.fallback_level if len(ranked) and row.fallback_level is not None else Fallback.NOTHING,
        as_of=row.as_of or version.as_of,
    )


def _ask_again_if_old(customer_id: uuid.UUID, row: StoredRow) -> None:
    """A list older than `cache_ttl` is still served, and a worker is asked once a period to rank it again."""
    ttl = settings.INTELLIGENCE.recommendations.cache_ttl
    if row.computed_at is None or (clock.now() - row.computed_at).total_seconds() <= ttl:
        return
    if cache.add(f"rank-again:{row.kind}:{customer_id}", 1, timeout=ttl):
        outbox.ring(RANK_AGAIN, queue=Queue.REALTIME, customer_id=str(customer_id), kind=row.kind)


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


@lru_cache(maxsize=8)
def _version(version_id: uuid.UUID) -> RecommenderVersion:
    return RecommenderVersion.objects.defer("artifact").get(id=version_id)


def _version_of(row: Recommendation) -> RecommenderVersion:
    return RecommenderVersion.objects.defer("artifact").get(kind=row.kind, number=row.version)


def _offers(stored: StoredList) -> list[Offer]:
    return [_offer(stored, row, 0) for row in stored.ranked.tolist()]


def _offer(stored: StoredList, row: tuple[Any, ...], rank: int) -> Offer:
    """One row of a packed list in words; `row` is as `packing.RECORD` says."""
    item, score, source, reason, evidence, count = row
    code = stored.model.catalogue.codes[item]
    said = _evidence(stored.model, reason, evidence)
    return Offer(
        item=code,
        kind=stored.kind.value,
        score=round(score, 4),
        rank=rank,
        reason=reasons.in_words(stored.kind, packing.Reason(reason), item=code, evidence=said, count=count),
        source=_SOURCES[source],
        propensity=1.0,
        model_version=stored.version.name,
    )


_SOURCES = {source.value: source.name.lower() for source in Source}


def _evidence(model: Recommender, reason: int, evidence: int) -> str:
    if evidence == NONE:
        return ""
    if reason == packing.Reason.POPULAR_FROM_HOME:
        return model.homes[evidence]
    return model.catalogue.codes[evidence]


def _dealt(lists: list[StoredList], limit: int) -> list[Offer]:
    """The lists merged in turns, ranked from 1: scores of a route and of an extra bag do not compare."""
    rows = [(stored, stored.ranked.tolist()) for stored in lists]
    turns = [(stored, told[turn]) for turn in range(packing.KEPT) for stored, told in rows if turn < len(told)]
    return [_offer(stored, row, rank) for rank, (stored, row) in enumerate(turns[:limit], start=1)]


def _logged(
    answer: RecommendationSet,
    lists: list[StoredList],
    purpose: Purpose,
    channel: Channel | None,
    client: str,
) -> RecommendationSet:
    decision_id = decisions.log(
        customer_id=answer.customer_id,
        items=[offer.item for offer in answer.items],
        propensities=[offer.propensity for offer in answer.items],
        policy=",".join(sorted({stored.version.policy for stored in lists})),
        version=answer.model_version,
        fallback_level=answer.fallback_level,
        purpose=purpose,
        channel=channel,
        client=client,
    )
    return replace(answer, decision_id=decision_id)


def stored_lists(customer_id: uuid.UUID) -> list[dict[str, Any]]:
    """What is stored for the person, in words, for the access package. No gate: they ask for their own."""
    mine = Recommendation.objects.filter(bucket=bucket_of(customer_id), kind__in=ItemKind.values, id=customer_id)
    rows = mine.order_by("kind")
    lists = [_as_list(row, packing.unpacked(bytes(row.ranked)), _version_of(row)) for row in rows]
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
