"""The health board: which segments live, which are dying, which are dead, why, and which were retired."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from iaros.lib import clock
from iaros.web.formats import day
from segmentation import selectors
from segmentation.models import Segment, SegmentStatus
from segmentation.segments.health import SMALLEST, STEADY, Health

PAGE = 50
SOON = timedelta(days=30)
STATES = ("active", "dying", "dead", "retired")
_DYING, _DEAD = ("small", "unstable", "uncounted", "broken"), ("empty", "expired")
_TONES = {"active": "ok", "dying": "warn", "dead": "bad", "retired": ""}


@dataclass(frozen=True)
class BoardLine:
    """One segment on the board: how it is, and in words why."""

    health: Health
    state: str
    why: str
    tone: str


@dataclass(frozen=True)
class Wanted:
    """What the address asks of the board."""

    words: str = ""
    state: str = ""
    kind: str = ""


def board() -> list[BoardLine]:
    """Live segments, the worst first, then those retired."""
    now = clock.now()
    live = [_line(one, now) for one in selectors.health()]
    live.sort(key=lambda line: (-STATES.index(line.state), -line.health.size, line.health.name))
    return [*live, *(_retired(one) for one in _gone())]


def dead_slugs() -> list[str]:
    return [one.slug for one in selectors.health() if one.state in _DEAD]


def chosen(lines: list[BoardLine], wanted: Wanted) -> list[BoardLine]:
    words = wanted.words.lower().split()
    return [
        line
        for line in lines
        if (not wanted.state or line.state == wanted.state)
        and (not wanted.kind or line.health.kind == wanted.kind)
        and all(word in f"{line.health.name} {line.health.reason} {line.health.owner}".lower() for word in words)
    ]


def counted(lines: list[BoardLine]) -> dict[str, int]:
    by_state = Counter(line.state for line in lines)
    return {state: by_state[state] for state in STATES}


def _line(one: Health, now: datetime) -> BoardLine:
    ends_soon = one.expires_at is not None and one.expires_at < now + SOON
    dying = one.state in _DYING or ends_soon
    state = "dead" if one.state in _DEAD else "dying" if dying else "active"
    return BoardLine(one, state, _why(one, ends_soon=ends_soon), _TONES[state])


def _why(one: Health, *, ends_soon: bool) -> str:
    said = {
        "empty": "nobody is in it",
        "expired": f"its time was over on {day(one.expires_at)}",
        "small": f"fewer than {SMALLEST}, or than one in 2,000",
        "unstable": f"stability under {STEADY}",
        "uncounted": "not counted yet",
        "broken": f"its rule can no longer be read, so its members stay as they are: {one.problem}",
    }.get(one.state, "")
    return said or (f"ends on {day(one.expires_at)}" if ends_soon else "")


def _gone() -> list[Segment]:
    retired = Segment.objects.filter(status=SegmentStatus.RETIRED).select_related("owner")
    return list(retired.order_by("name", "id"))


def _retired(row: Segment) -> BoardLine:
    owner = row.owner.get_full_name() or row.owner.get_username() if row.owner else "Customer Intelligence"
    told = Health(
        slug=str(row.slug),
        name=row.name,
        kind=row.kind,
        size=row.size,
        share=0.0,
        stability=row.stability,
        confidence=row.confidence,
        owner=owner,
        reason=row.description,
        state="retired",
        expires_at=row.expires_at,
        counted_at=row.counted_at,
    )
    over = row.expires_at and row.expires_at <= timezone.now()
    return BoardLine(told, "retired", "its time was over" if over else "somebody retired it", "")
