"""Segments as the pages show them: sizes, movement, the sentence, and how many of them may be reached."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from iaros.lib import sql
from iaros.lib.purposes import Channel, Purpose
from iaros.web.formats import NONE
from privacy.consent import gate
from segmentation.features import facts
from segmentation.features.facts import Which
from segmentation.models import Segment, SegmentVersion
from segmentation.models.transitions import LEFT, OF_SEGMENT_SQL, PLACES, VERSION_SHIFT, Direction, because
from segmentation.segments import sizes
from segmentation.segments.reach import ADDRESSED_BY, MANY

DAYS = 30
PAGE = 50
_IN = "length(m.bitmap) > %(byte)s AND get_bit(m.bitmap, %(bit)s) = 1"
_OUTBOUND = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.PHONE, Channel.POST)


@dataclass(frozen=True)
class SegmentLine:
    """A segment, its rule in words, and its size over thirty days, or since its first count, as the moves tell it."""

    segment: Segment
    sentence: str
    entered: int
    left: int
    sizes: list[int] = field(default_factory=list)
    new: bool = False  # counted for the first time within the thirty days

    @property
    def change(self) -> int:
        return self.entered - self.left

    @property
    def reach_rate(self) -> float | None:
        return self.segment.reach / self.segment.size if self.segment.size else None

    @property
    def owner(self) -> str:
        owner = self.segment.owner
        if owner:
            return owner.get_full_name() or owner.get_username()
        return "System" if self.segment.is_system else NONE

    @property
    def state(self) -> tuple[str, str]:
        if self.segment.counted_at is None:
            return "Not yet counted", "outline"
        return ("Fresh", "ok") if self.segment.size else ("Empty", "outline")


def segment_lines() -> list[SegmentLine]:
    """Every published segment, the ones that moved most first."""
    newest = SegmentVersion.objects.filter(segment=OuterRef("pk")).order_by("-number")
    segments = Segment.objects.published().for_list_page().annotate(sentence=Subquery(newest.values("sentence")[:1]))
    moves = sizes.moves_of_all(DAYS)
    lines = [_line(segment, sizes.reckoned(segment, moves.get(segment.id, {}), DAYS)) for segment in segments]
    return sorted(lines, key=lambda line: (-abs(line.change), -line.segment.size, line.segment.name))


def _line(segment: Any, days: list[sizes.DayCount]) -> SegmentLine:
    """From the first count on: that everybody came in on that day says when it was made, not that it grew."""
    came = next((place for place, one in enumerate(days) if one.entered), None)
    new = came is not None and days[came].size == days[came].entered
    since = days[came + 1 :] if new and came is not None else days
    entered, left = sum(one.entered for one in since), sum(one.left for one in since)
    shape = [one.size for one in (days[came:] if new else days)] if entered or left else []
    return SegmentLine(segment, segment.sentence or segment.description, entered, left, shape, new)


def get_segment(slug: str) -> SegmentLine | None:
    segment = Segment.objects.select_related("owner").filter(slug=slug).first()
    if segment is None:
        return None
    version = segment.versions.order_by("-number").first()
    segment.sentence = version.sentence if version else ""  # type: ignore[attr-defined]
    segment.version = version  # type: ignore[attr-defined]
    return _line(segment, sizes.over_time(segment, DAYS))


def _place(segment: Segment) -> dict[str, int]:
    return {"bit": segment.position, "byte": segment.position // 8}


@dataclass(frozen=True)
class ReachLine:
    channel: Channel
    people: int
    share: float | None


_ADDRESSED = """
WITH held AS MATERIALIZED (SELECT m.bucket, m.id FROM segmentation_membership m WHERE {inside}),

addressed AS MATERIALIZED (
    SELECT h.bucket, h.id, coalesce(array_agg(DISTINCT i.kind) FILTER (WHERE i.kind IS NOT NULL), '{{}}') AS kinds
    FROM held h LEFT JOIN profiles_identifier i ON i.customer_id = h.id GROUP BY h.bucket, h.id
)

SELECT count(*) AS members, {columns} FROM addressed m
"""


def reach(segment: Segment, purpose: Purpose) -> list[ReachLine]:
    """How many members can be addressed and may be contacted for the purpose, channel by channel."""
    columns, params = [], dict[str, Any](_place(segment))
    for channel in _OUTBOUND:
        condition, more = gate(purpose, channel, customer="m.id")
        by = f"m.kinds && %(by_{channel.value})s::smallint[]"
        columns.append(f"count(*) FILTER (WHERE {by} AND {condition}) AS {channel.value}")
        params |= {**more, f"by_{channel.value}": [int(kind) for kind in ADDRESSED_BY[channel]]}
    with facts.by_hash(Which()) if segment.size > MANY else nullcontext():
        row = sql.query(_ADDRESSED.format(inside=_IN, columns=", ".join(columns)), params)[0]
    return [
        ReachLine(channel, row[channel.value], row[channel.value] / row["members"] if row["members"] else None)
        for channel in _OUTBOUND
    ]


@dataclass(frozen=True)
class Member:
    """A member whom the purpose lets us see: what lists may show of a person, and nothing sealed."""

    id: UUID
    tier: str | None
    country: str | None
    home_airport: str | None
    value: float | None
    churn: float | None


_MEMBERS_SQL = """
SELECT m.id, p.tier, p.country, p.home_airport,
       max(s.value) FILTER (WHERE s.name = 'value_12m') AS value,
       max(s.value) FILTER (WHERE s.name = 'churn_90d') AS churn
FROM segmentation_membership m
JOIN profiles_profile p ON p.bucket = m.bucket AND p.id = m.id
LEFT JOIN segmentation_score s ON s.bucket = m.bucket AND s.entity_kind = 'customer' AND s.entity_id = m.id
WHERE {inside} AND {gate} AND m.id > %(after)s
GROUP BY m.id, p.tier, p.country, p.home_airport
ORDER BY m.id
LIMIT %(limit)s
"""
_FIRST = UUID(int=0)


def members(segment: Segment, purpose: Purpose, *, after: UUID | None = None, limit: int | None = PAGE) -> list[Member]:
    """Members whom the purpose lets us see, by cursor."""
    condition, params = gate(purpose, customer="m.id")
    params |= {**_place(segment), "after": after or _FIRST, "limit": limit}
    statement = _MEMBERS_SQL.format(inside=_IN, gate=condition)
    return [Member(**row) for row in sql.query(statement, params)]


@dataclass(frozen=True)
class Move:
    customer_id: UUID
    at: Any
    direction: str
    because: str


_RECENT_SQL = """
SELECT t.customer_id, t.at, move & {left} <> 0 AS gone, move >> {shift} AS version
FROM segmentation_moves t CROSS JOIN LATERAL unnest(t.moves) AS move
WHERE t.moves && {of_segment} AND move & {places} = %(position)s AND {gate}
ORDER BY t.at DESC, t.customer_id LIMIT %(limit)s
"""


def recent_moves(segment: Segment, purpose: Purpose, limit: int = 12) -> list[Move]:
    """Who came and went last, of those whom the purpose lets us see."""
    condition, params = gate(purpose, customer="t.customer_id", bucket="t.bucket")
    params |= {"segment": segment.id, "position": segment.position, "limit": limit}
    names = {"left": LEFT, "shift": VERSION_SHIFT, "places": PLACES, "of_segment": OF_SEGMENT_SQL}
    return [
        Move(
            row["customer_id"],
            row["at"],
            Direction.LEFT.value if row["gone"] else Direction.ENTERED.value,
            str(because(row["version"])["because"]),
        )
        for row in sql.query(_RECENT_SQL.format(**names, gate=condition), params)
    ]
