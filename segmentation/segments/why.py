"""Why one customer is in a segment or not, until when, and what keeps them from being reached.

The course of time is foreseen, not the customer: the rule is asked again at coming days, as if nothing more happened.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.conf import settings
from django.utils import timezone

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Channel, Purpose
from privacy import consent
from profiles.models import EventKind, Identifier
from segmentation.features import facts, offline, store
from segmentation.features.catalogue import POSITION
from segmentation.features.store import Block
from segmentation.models import Direction, Segment, Transition
from segmentation.segments import evaluation, happenings, reach, rules, sentences
from segmentation.segments.evaluation import Columns, Reason
from segmentation.segments.nodes import Group, Happened, HasBeen, Of, Sequence, leaves, names_of

AHEAD_DAYS = 400
_MINUTES = 24 * 60
_CONTACTS_SQL = """
SELECT count(*) AS sent FROM profiles_event e
WHERE e.bucket = %(bucket)s AND e.customer_id = %(customer)s AND e.kind = %(kind)s
  AND e.occurred_at >= %(since)s AND e.occurred_at < %(at)s AND coalesce(e.channel, %(channel)s) = %(channel)s
"""


@dataclass(frozen=True)
class Explanation:
    """`missing`: what keeps the customer from being reached. `changes_at`: when the clock moves them."""

    inside: bool
    sentence: str
    version: int
    since: datetime | None
    reasons: list[Reason]
    missing: list[str]
    changes_at: datetime | None
    changes_because: str
    as_of: datetime | None

    @property
    def told(self) -> str:
        """In one sentence, such as "In because ...; would leave on 14 December 2026; missing: consent for E-mail."."""
        held = [reason.sentence for reason in self.reasons if reason.holds]
        lacking = [reason.sentence for reason in self.reasons if not reason.holds]
        parts = [f"In because of {'; '.join(held)}" if self.inside else f"Not in: lacks {'; '.join(lacking)}"]
        if self.changes_at:
            day = timezone.localtime(self.changes_at)
            parts.append(f"would {'leave' if self.inside else 'enter'} on {day:%-d %B %Y}")
        if self.missing:
            parts.append(f"missing: {', '.join(self.missing)}")
        return f"{'; '.join(parts)}."


def explain(segment: Segment, customer_id: UUID) -> Explanation:
    """By the newest wording and the stored vector. Nobody who may not be analysed is in anything."""
    version = segment.versions.order_by("-number").first()
    found = store.vector_of(customer_id)
    if version is None or found is None:
        why_not = "no rule yet" if version is None else "a ground to analyse this person"
        return Explanation(False, "", 0, None, [], [why_not], None, "", None)
    rule, (vector, at) = rules.readable(version.rule), found
    if rule is None:
        gone = "a rule that can still be read; the members are those of before"
        return Explanation(False, version.sentence, version.number, None, [], [gone], None, "", at)
    known = evaluation.columns_of(customer_id, vector, at, [rule])
    inside = bool(evaluation.holds(rule, known)[0])
    changes_at, because = _next_change(rule, customer_id, known, inside)
    return Explanation(
        inside=inside,
        sentence=version.sentence,
        version=version.number,
        since=_since(segment, customer_id) if inside else None,
        reasons=evaluation.reasons(rule, known),
        missing=_missing(segment, customer_id, at),
        changes_at=changes_at,
        changes_because=because,
        as_of=at,
    )


def _since(segment: Segment, customer_id: UUID) -> datetime | None:
    moves = Transition.objects.filter(
        bucket=bucket_of(customer_id), customer_id=customer_id, segment_id=segment.id, direction=Direction.ENTERED
    )
    return moves.order_by("-at").values_list("at", flat=True).first()


def _missing(segment: Segment, customer_id: UUID, at: datetime) -> list[str]:
    """What of the way from matched to exportable this person lacks, in the order of that way."""
    audience = reach.audience_of(segment)
    channel, lacking = audience.channel, []
    kinds = reach.ADDRESSED_BY[channel]
    if not Identifier.objects.filter(customer_id=customer_id, kind__in=kinds).exists():
        lacking.append(f"an address for {channel.label}")
    decision = consent.decide(customer_id, audience.purpose, channel)
    if not decision.allowed:
        ground = "consent" if audience.purpose in (Purpose.MARKETING, Purpose.PERSONALISATION) else "a ground"
        lacking.append(f"{ground} for {channel.label} ({decision.reason.rstrip('.')})")
    block = np.frombuffer(customer_id.bytes, dtype=np.uint8).reshape(1, 16)
    if evaluation.drawn(block, reach.holdout_draw(audience.slug))[0] < round(audience.holdout_percent * 100):
        lacking.append("a place outside the holdout")
    airline = settings.INTELLIGENCE
    if _contacts(customer_id, channel, at) >= airline.segmentation.most_messages:
        lacking.append(
            f"fewer than {airline.segmentation.most_messages} messages in {airline.segmentation.message_days} days"
        )
    return lacking


def _contacts(customer_id: UUID, channel: Channel, at: datetime) -> int:
    params = {
        "bucket": bucket_of(customer_id),
        "customer": customer_id,
        "kind": int(EventKind.MESSAGE_SENT),
        "since": at - timedelta(days=settings.INTELLIGENCE.segmentation.message_days),
        "at": at,
        "channel": channel.value,
    }
    return int(sql.query(_CONTACTS_SQL, params)[0]["sent"])


def _next_change(rule: Group, customer_id: UUID, known: Columns, inside: bool) -> tuple[datetime | None, str]:
    """The first minute of the coming days at which the rule answers otherwise, and the condition that turned."""
    days = [known.at + timedelta(days=n) for n in range(AHEAD_DAYS + 1)]
    turned = _first_otherwise(rule, customer_id, known, days, inside)
    if turned is None:
        return None, ""
    # The tick after a minute: an event that is exactly as old as a window is long is still within it.
    tick = timedelta(microseconds=1)
    minutes = [known.at, *(days[turned - 1] + timedelta(minutes=n) + tick for n in range(_MINUTES + 1))]
    minute = _first_otherwise(rule, customer_id, known, minutes, inside)
    at = minutes[minute] if minute is not None else days[turned]
    before, after = (_foreseen(rule, customer_id, known, [known.at, moment]) for moment in (days[turned - 1], at))
    for leaf in leaves(rule):
        if evaluation.holds(leaf, before)[1] != evaluation.holds(leaf, after)[1]:
            return at, sentences.condition(leaf)
    return at, ""


def _first_otherwise(
    rule: Group, customer_id: UUID, known: Columns, moments: Many[datetime], inside: bool
) -> int | None:
    found = np.flatnonzero(evaluation.holds(rule, _foreseen(rule, customer_id, known, moments)) != inside)
    return int(found[found > 0][0]) if (found > 0).any() else None


def _foreseen(rule: Group, customer_id: UUID, known: Columns, moments: Many[datetime]) -> Columns:
    """The customer as a block of themselves, a row a moment. Scores, fifths, words and lists stay as they are."""
    rows = len(moments)
    names = sorted(names_of(rule, Of.FEATURE))
    values = np.repeat(known.block.values, rows, axis=0)
    course = offline.course_of(customer_id, moments, names) if names else np.zeros((rows, 0), dtype=np.float32)
    if len(course):
        for place, name in enumerate(names):
            if not name.startswith("rfm:"):
                values[:, POSITION[name]] = course[:, place]
    block = Block(known.block.which, np.repeat(known.block.ids, rows, axis=0), values)
    foreseen = replace(
        known,
        block=block,
        scores={name: np.repeat(column, rows) for name, column in known.scores.items()},
        attributes={name: np.repeat(column, rows) for name, column in known.attributes.items()},
        lists={slug: np.repeat(mask, rows) for slug, mask in known.lists.items()},
        inside={slug: np.repeat(mask, rows) for slug, mask in known.inside.items()},
        read={},
        tested={},
    )
    for leaf in leaves(rule):
        if isinstance(leaf, Happened | Sequence | HasBeen):
            foreseen.tested[leaf] = np.array([_holds_at(leaf, known, moment) for moment in moments], dtype=bool)
    return foreseen


def _holds_at(leaf: Happened | Sequence | HasBeen, known: Columns, moment: datetime) -> bool:
    happened = known.happened and happenings.Happenings(
        known.happened.events, known.happened.rows, facts.microseconds(moment), known.happened.chosen
    )
    asked = replace(known, at=moment, happened=happened, tested={})
    return bool(evaluation.holds(leaf, asked)[0])
