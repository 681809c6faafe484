"""What the page of one person shows beside the timeline: facts, consent in words, records, scores and segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import BASIS, Channel, LawfulBasis, Purpose
from iaros.web.formats import words
from privacy.consent import Standing, gate
from profiles.models import LinkRule
from profiles.sources.catalogue import CONNECTORS
from segmentation.features import catalogue

_FACTS_SQL = """
SELECT count(*) AS events,
       min(e.occurred_at) AS first_at,
       max(e.occurred_at) FILTER (WHERE e.occurred_at <= %(now)s) AS last_at,
       coalesce(sum(e.value_base_minor) FILTER (
           WHERE e.kind IN (1, 5) AND e.occurred_at > %(now)s - interval '12 months'), 0)::bigint AS revenue_minor,
       count(*) FILTER (WHERE e.kind = 1 AND e.occurred_at > %(now)s - interval '12 months') AS bookings,
       count(*) FILTER (WHERE e.kind = 4 AND e.occurred_at > %(now)s - interval '12 months') AS flights,
       coalesce(sum(CASE e.kind WHEN 8 THEN e.quantity WHEN 9 THEN -e.quantity END), 0)::bigint AS points
FROM profiles_event e
WHERE e.bucket = %(bucket)s AND e.customer_id = %(customer)s AND {gate}
"""
_RECORDS_SQL = """
SELECT s.name AS source, l.record_id, l.rule, coalesce(l.score, 1.0) AS score, l.linked_at, l.ended_at, m.received_at,
       r.superseded_at
FROM profiles_link l
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
JOIN profiles_message m ON m.id = r.message_id
JOIN profiles_source s ON s.id = m.source_id
WHERE l.bucket = %(bucket)s AND l.customer_id = %(customer)s AND {gate}
ORDER BY l.ended_at NULLS FIRST, m.received_at DESC, l.record_id
LIMIT 200
"""


@dataclass(frozen=True)
class Facts:
    events: int
    first_at: datetime | None
    last_at: datetime | None
    revenue_minor: int
    bookings: int
    flights: int
    points: int


def _of(customer_id: UUID, purpose: Purpose, table: str) -> tuple[str, dict[str, Any]]:
    condition, params = gate(purpose, customer=f"{table}.customer_id", bucket=f"{table}.bucket")
    return condition, params | {"bucket": bucket_of(customer_id), "customer": customer_id}


def facts(customer_id: UUID, purpose: Purpose, now: datetime) -> Facts:
    """Counts and sums up to `now`, the data's own moment."""
    condition, params = _of(customer_id, purpose, "e")
    return Facts(**sql.query(_FACTS_SQL.format(gate=condition), params | {"now": now})[0])


@dataclass(frozen=True)
class RecordLine:
    """A mention of this person by a source, and why we hold that it is this person."""

    source: str
    record_id: UUID
    why: str
    score: float
    linked_at: datetime
    ended_at: datetime | None
    received_at: datetime
    superseded: bool


def records(customer_id: UUID, purpose: Purpose) -> list[RecordLine]:
    """Linked mentions, those that still hold first; two hundred at most."""
    condition, params = _of(customer_id, purpose, "l")
    return [
        RecordLine(
            source=CONNECTORS[row["source"]].title if row["source"] in CONNECTORS else words(row["source"]),
            record_id=row["record_id"],
            why=LinkRule(row["rule"]).label,
            score=row["score"],
            linked_at=row["linked_at"],
            ended_at=row["ended_at"],
            received_at=row["received_at"],
            superseded=row["superseded_at"] is not None,
        )
        for row in sql.query(_RECORDS_SQL.format(gate=condition), params)
    ]


@dataclass(frozen=True)
class SourcePill:
    source: str
    received_at: datetime
    records: int


def pills(lines: Iterable[RecordLine]) -> list[SourcePill]:
    """Each source once, with its newest mention."""
    newest: dict[str, SourcePill] = {}
    for line in lines:
        if line.ended_at is None:
            seen = newest.get(line.source)
            at = max(line.received_at, seen.received_at) if seen else line.received_at
            newest[line.source] = SourcePill(line.source, at, (seen.records if seen else 0) + 1)
    return list(newest.values())


@dataclass(frozen=True)
class ConsentBadge:
    text: str
    tone: str
    icon: str


_SHOWN = (Purpose.PERSONALISATION, Purpose.MARKETING, Purpose.SHARING, Purpose.ANALYTICS)


def consent_badges(standings: Iterable[Standing]) -> list[ConsentBadge]:
    """Yes, no and unknown in words; unknown is no where consent is the ground."""
    said = sorted(standings, key=lambda standing: (standing.purpose, standing.channel))
    badges = [_badge(standing) for standing in said]
    spoken = {standing.purpose for standing in said}
    for purpose in _SHOWN:
        if purpose in spoken:
            continue
        if BASIS[purpose] is LawfulBasis.CONSENT:
            badges.append(ConsentBadge(f"{purpose.label} unknown, treated as no", "outline", "minus"))
        else:
            badges.append(ConsentBadge(f"{purpose.label}, {BASIS[purpose].label.lower()}", "ok", "check"))
    return badges


def _badge(standing: Standing) -> ConsentBadge:
    where = f", {Channel(standing.channel).label}" if standing.channel else ""
    text = f"{Purpose(standing.purpose).label}{where}"
    if standing.state == "granted":
        return ConsentBadge(text, "ok", "check")
    return ConsentBadge(f"{text} {standing.state}", "bad", "ban")


@dataclass(frozen=True)
class HeldSegment:
    """A segment this person is in: the rule that holds, and since when if the entry was seen."""

    slug: str
    name: str
    why: str
    since: datetime | None


_SEGMENTS_SQL = """
SELECT s.slug, s.name, coalesce(v.sentence, s.description) AS why,
       (SELECT max(t.at) FROM segmentation_transition t
        WHERE t.bucket = m.bucket AND t.customer_id = m.id AND t.segment_id = s.id AND t.direction = 'entered') AS since
FROM segmentation_membership m
JOIN segmentation_segment s ON s.status = 'published'
    AND length(m.bitmap) > s.position / 8 AND get_bit(m.bitmap, s.position) = 1
LEFT JOIN LATERAL (
    SELECT sentence FROM segmentation_segmentversion WHERE segment_id = s.id ORDER BY number DESC LIMIT 1) v ON true
WHERE m.bucket = %(bucket)s AND m.id = %(customer)s AND {gate}
ORDER BY s.size, s.name
"""


def segments(customer_id: UUID, purpose: Purpose) -> list[HeldSegment]:
    """The segments this person is in, the smallest and so most telling first."""
    condition, params = gate(purpose, customer="m.id")
    params |= {"bucket": bucket_of(customer_id), "customer": customer_id}
    return [HeldSegment(**row) for row in sql.query(_SEGMENTS_SQL.format(gate=condition), params)]


@dataclass(frozen=True)
class ScoreReason:
    text: str
    contribution: float


@dataclass(frozen=True)
class ScoreLine:
    """A score with its interval and reasons; `money` says that it is an amount, else it is a share."""

    name: str
    title: str
    value: float
    low: float | None
    high: float | None
    ceiling: float
    money: bool
    reasons: list[ScoreReason]
    largest: float
    as_of: datetime
    version: str


_TITLES = {"churn_90d": "Churn, 90 days", "value_12m": "Value, 12 months", "extra_bag": "Buys an extra bag, next trip"}


def score_line(
    *,
    name: str,
    value: float,
    low: float | None,
    high: float | None,
    reasons: Iterable[dict[str, Any]],
    as_of: datetime,
    version: str = "",
) -> ScoreLine:
    """A score as the page draws it."""
    told = [ScoreReason(_reason(reason), float(reason.get("contribution", 0.0))) for reason in reasons]
    money = name.startswith("value")
    ceiling = max(value, high or 0.0, 1.0) * 1.15 if money else 1.0
    return ScoreLine(
        name=name,
        title=_TITLES.get(name, words(name)),
        value=value,
        low=low,
        high=high,
        ceiling=ceiling,
        money=money,
        reasons=told,
        largest=max((abs(reason.contribution) for reason in told), default=1.0) or 1.0,
        as_of=as_of,
        version=version,
    )


_SCORES_SQL = """
SELECT DISTINCT ON (s.name) s.name, s.value, s.low, s.high, s.reasons, s.as_of,
       v.name || ' v' || v.number AS version
FROM segmentation_score s
LEFT JOIN segmentation_modelversion v ON v.id = s.model_version_id
WHERE s.bucket = %(bucket)s AND s.customer_id = %(customer)s AND {gate}
ORDER BY s.name, s.as_of DESC, s.id DESC
"""


def scores(customer_id: UUID, purpose: Purpose) -> list[ScoreLine]:
    """Each model's newest answer about this person, or about the newest booking."""
    condition, params = _of(customer_id, purpose, "s")
    found = []
    for row in sql.query(_SCORES_SQL.format(gate=condition), params):
        found.append(score_line(**{**row, "version": row["version"] or ""}))
    return found


_YES = "1 for "


def _feature(name: str) -> str:
    """The feature as the catalogue describes it, up to the first comma; its name where it is of a booking."""
    known = catalogue.BY_NAME.get(name)
    if known is None:
        return words(name.replace(":", ", "))
    return known.description.rstrip(".").partition(";")[0].partition(",")[0]


def _reason(reason: dict[str, Any]) -> str:
    text = _feature(str(reason.get("feature", "")))
    if text.startswith(_YES):
        # A feature that is 1 or 0 is said as yes or no.
        said = text.removeprefix("1 for a ").removeprefix(_YES)
        return f"{said[:1].upper()}{said[1:]}: {'yes' if reason.get('value') else 'no'}"
    value = reason.get("value")
    if value is None or isinstance(value, str):
        return f"{text} {value or ''}".strip()
    return f"{text}: {value:,.0f}" if abs(value) >= 10 or float(value).is_integer() else f"{text}: {value:.2f}"
