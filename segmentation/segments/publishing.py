"""The life of a segment: drafted, published, reworded, retired. Each act is one transaction."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from iaros.accounts.models import User
from iaros.lib import leases
from iaros.lib.purposes import Channel, Purpose
from segmentation.models import Segment, SegmentKind, SegmentStatus, SegmentVersion
from segmentation.segments import dag, nodes, rules, sentences

# What stands in addresses, of pages and of the API, where the slug of a segment would.
RESERVED = ("preview", "count", "overlap", "new", "rfm", "clusters", "health", "lists")


class TooManySegments(Exception):
    """The airline allows no more published segments (`segmentation.max_segments`)."""


class NotReady(Exception):
    """The segment cannot be published as it is; the message says why."""


class StillUsed(Exception):
    """Other segments name this one; the message says which."""


@transaction.atomic
def draft(
    *,
    name: str,
    rule: Any,
    purpose: Purpose,
    channel: Channel,
    by: User | None = None,
    description: str = "",
    slug: str = "",
    is_system: bool = False,
    holdout_percent: float = 10,
    expires_at: datetime | None = None,
    kind: SegmentKind = SegmentKind.RULE,
) -> Segment:
    """Write down a segment and the first wording of its rule. Raises rules.InvalidRule."""
    tree = rules.read(rule, names=dag.names())
    leases.lock_in_transaction("segment positions")
    highest = Segment.objects.aggregate(highest=Max("position"))["highest"]
    segment = Segment.objects.create(
        slug=_free_slug(slug or slugify(name)),
        name=name,
        description=description,
        owner=by,
        is_system=is_system,
        purpose=Purpose(purpose),
        channel=Channel(channel),
        kind=kind,
        holdout_percent=Decimal(str(holdout_percent)),
        expires_at=expires_at,
        position=0 if highest is None else highest + 1,
    )
    _word(segment, 1, rule, tree, by)
    return segment


@transaction.atomic
def publish(segment: Segment, *, by: User | None = None) -> Segment:
    """Count it and show it from the next refresh on. Raises TooManySegments or NotReady."""
    leases.lock_in_transaction("segment positions")
    if not segment.versions.exists():
        raise NotReady(f"{segment.name} has no rule yet")
    limit = settings.INTELLIGENCE.segmentation.max_segments
    if Segment.objects.published().exclude(id=segment.id).count() >= limit:
        raise TooManySegments(f"{limit} segments are published, as many as the airline allows; retire one first")
    segment.status = SegmentStatus.PUBLISHED
    segment.save(update_fields=["status"])
    return segment


@transaction.atomic
def reword(segment: Segment, rule: Any, *, by: User | None = None) -> SegmentVersion:
    """Give the segment another rule; the same rule again changes nothing.

    Raises rules.InvalidRule, also where segments would come to name each other in a circle.
    """
    tree = rules.read(rule, names=dag.names())
    # Two rewordings at once could close a circle that neither sees.
    leases.lock_in_transaction("segment positions")
    dag.refuse_cycle(segment.slug, tree)
    Segment.objects.select_for_update().get(id=segment.id)
    newest = segment.versions.order_by("-number").first()
    if newest is not None and newest.rule == rule:
        return newest
    return _word(segment, newest.number + 1 if newest else 1, rule, tree, by)


@transaction.atomic
def retire(segment: Segment, *, by: User | None = None) -> Segment:
    """Stop counting it; at the next refresh its members leave. Its position is never given again. Raises StillUsed."""
    if users := dag.users_of(segment.slug):
        raise StillUsed(f"{segment.name} is named by {', '.join(users)}; change those first")
    segment.status = SegmentStatus.RETIRED
    segment.save(update_fields=["status"])
    return segment


@transaction.atomic
def rename(segment: Segment, name: str) -> Segment:
    """Call it otherwise; its address and its identity stay. Raises NotReady for a name that is none."""
    said = " ".join(name.split())
    if not said or len(said) > 120:
        raise NotReady("a name has 1 to 120 letters")
    segment.name = said
    segment.save(update_fields=["name"])
    return segment


@transaction.atomic
def extend(segment: Segment, until: datetime) -> Segment:
    """Let it live until then, which is later than it would. Raises NotReady."""
    if segment.expires_at is None or until <= segment.expires_at:
        raise NotReady(f"{segment.name} lives longer than that already")
    segment.expires_at = until
    segment.save(update_fields=["expires_at"])
    return segment


@transaction.atomic
def retire_expired(now: datetime) -> int:
    """Retire the published segments whose time is over, unless others name them; returns how many went."""
    over = [one for one in Segment.objects.published().filter(expires_at__lte=now) if not dag.users_of(one.slug)]
    for segment in over:
        retire(segment)
    return len(over)


def _word(segment: Segment, number: int, rule: Any, tree: rules.Group, by: User | None) -> SegmentVersion:
    return SegmentVersion.objects.create(
        segment=segment,
        number=number,
        rule=rule,
        sentence=sentences.sentence(tree),
        depends_on=nodes.depends_on(tree),
        published_by=by,
    )


def _free_slug(wanted: str) -> str:
    base, count = wanted[:70] or "segment", 1
    if base in RESERVED:
        base = f"{base}-segment"
    slug = base
    while Segment.objects.filter(slug=slug).exists():
        count += 1
        slug = f"{base}-{count}"
    return slug
