"""Are the segments alive: when were they last counted, which are too small, unsteady or over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from iaros.lib import clock
from segmentation.models import MembershipRun, Segment, SegmentVersion
from segmentation.segments import membership

SILENT_AFTER = timedelta(minutes=5)
SMALLEST, SMALLEST_SHARE, STEADY = 15, 0.0005, 0.8
HOUSE = "Customer Intelligence"


@dataclass(frozen=True)
class RefreshState:
    """`state`: never, fresh, running or died. Whatever it is, memberships of `last_success_at` stand."""

    state: str
    last_success_at: datetime | None
    as_of: datetime | None
    began_at: datetime | None
    problem: str


@dataclass(frozen=True)
class Health:
    """`state`: active, empty, small, unstable, expired, uncounted or broken. `reason`: the rule in words.

    `problem`: why the rule of a broken one can no longer be read; its members are those of before.
    """

    slug: str
    name: str
    kind: str
    size: int
    share: float
    stability: float | None
    confidence: float | None
    owner: str
    reason: str
    state: str
    expires_at: datetime | None
    counted_at: datetime | None
    problem: str = ""


def refresh_state() -> RefreshState:
    newest = MembershipRun.objects.order_by("-began_at").first()
    success = MembershipRun.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()
    last, as_of = (success.finished_at, success.as_of) if success else (None, None)
    if newest is None:
        return RefreshState("never", None, None, None, "")
    if newest.finished_at:
        return RefreshState("fresh", last, as_of, newest.began_at, "")
    alive = not newest.problem and newest.heartbeat_at > clock.now() - SILENT_AFTER
    problem = newest.problem or ("" if alive else "its worker went silent; the next refresh does it again")
    return RefreshState("running" if alive else "died", last, as_of, newest.began_at, problem)


def board() -> list[Health]:
    """Every published segment, the largest first."""
    newest = SegmentVersion.objects.filter(segment=OuterRef("pk")).order_by("-number")
    rows = Segment.objects.published().for_list_page().annotate(sentence=Subquery(newest.values("sentence")[:1]))
    people = MembershipRun.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()
    base, now = max(people.profiles if people else 0, 1), clock.now()
    problems = {str(one.segment.slug): one.problem for one in membership.standing_now() if one.problem}
    return [_health(row, base, now, problems.get(str(row.slug), "")) for row in rows]


def _health(row: Segment, base: int, now: datetime, problem: str) -> Health:
    owner = row.owner.get_full_name() or row.owner.get_username() if row.owner else HOUSE
    return Health(
        slug=str(row.slug),
        name=row.name,
        kind=row.kind,
        size=row.size,
        share=row.size / base,
        stability=row.stability,
        confidence=row.confidence,
        owner=owner,
        reason=getattr(row, "sentence", "") or row.description,
        state="broken" if problem else _state(row, base, now),
        expires_at=row.expires_at,
        counted_at=row.counted_at,
        problem=problem,
    )


def _state(row: Segment, base: int, now: datetime) -> str:
    if row.counted_at is None:
        return "uncounted"
    if row.expires_at and row.expires_at <= now:
        return "expired"
    if not row.size:
        return "empty"
    if row.size < max(SMALLEST, SMALLEST_SHARE * base):
        return "small"
    return "unstable" if row.stability is not None and row.stability < STEADY else "active"
