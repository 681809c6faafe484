"""Segments as the pages show them: sizes, movement, the sentence, and how many of them may be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from iaros.lib import sql
from iaros.lib.purposes import Channel, Purpose
from iaros.web.formats import NONE
from privacy.consent import gate
from segmentation import selectors
from segmentation.models import Segment, SegmentVersion
from segmentation.models.transitions import LEFT, OF_SEGMENT_SQL, PLACES, VERSION_SHIFT, Direction, because
from segmentation.selectors import Days

DAYS = 30
PAGE = 50
_IN = "length(m.bitmap) > %(byte)s AND get_bit(m.bitmap, %(bit)s) = 1"
_OUTBOUND = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.PHONE, Channel.POST)


@dataclass(frozen=True)
class SegmentLine:
    """A segment, its rule in words, and its size over thirty days as the transitions tell it."""

    segment: Segment
    sentence: str
    entered: int
    left: int
    sizes: list[int] = field(default_factory=list)

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


def segment_lines(today: date | None = None) -> list[SegmentLine]:
    """Every published segment, the ones that moved most first, in two queries."""
    today = today or timezone.localdate()
    newest = SegmentVersion.objects.filter(segment=OuterRef("pk")).order_by("-number")
    segments = Segment.objects.published().for_list_page().annotate(sentence=Subquery(newest.values("sentence")[:1]))
    moves = _moves()
    lines = [_line(segment, moves.get(segment.id, {}), today) for segment in segments]
    return sorted(lines, key=lambda line: (-abs(line.change), -line.segment.size, line.segment.name))


def _line(segment: Any, moves: Days, today: date) -> SegmentLine:
    days = [today - timedelta(days=i) for i in range(DAYS)]
    sizes, size = [], segment.size
    for day in days:
        sizes.append(size)
        entered, left = moves.get(day, (0, 0))
        size -= entered - left
    entered = sum(moves.get(day, (0, 0))[0] for day in days)
    left = sum(moves.get(day, (0, 0))[1] for day in days)
    shape = sizes[::-1] if entered or left else []
    return SegmentLine(segment, segment.sentence or segment.description, entered, left, shape)


def _moves(segment_id: UUID | None = None) -> Mapping[UUID, Days]:
    return selectors.moves_by_day(timezone.now() - timedelta(days=DAYS), segment_id)


def get_segment(slug: str) -> SegmentLine | None:
    segment = Segment.objects.select_related("owner").filter(slug=slug).first()
    if segment is None:
        return None
    version = segment.versions.order_by("-number").first()
    segment.sentence = version.sentence if version else ""  # type: ignore[attr-defined]
    segment.version = version  # type: ignore[attr-defined]
    today = timezone.localdate()
    return _line(segment, _moves(segment.id).get(segment.id, {}), today)


def _place(segment: Segment) -> dict[str, int]:
    return {"bit": segment.position, "byte": segment.position // 8}


@dataclass(frozen=True)
class ReachLine:
    channel: Channel
    people: int
    share: float | None


def reach(segment: Segment, purpose: Purpose) -> list[ReachLine]:
    """How many members may be reached for the purpose, channel by channel: the gate, counted."""
    columns, params = [], _place(segment)
    for channel in _OUTBOUND:
        condition, more = gate(purpose, channel, customer="m.id")
        columns.append(f"count(*) FILTER (WHERE {condition}) AS {channel.value}")
        params |= more
    statement = f"SELECT count(*) AS members, {', '.join(columns)} FROM segmentation_membership m WHERE {_IN}"
    row = sql.query(statement, params)[0]
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
