"""Which of several values is the golden one: the most trusted source, and of equals the latest.

How sure: the source's trust, raised by every other record that agrees and lowered by those that do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from profiles.golden import provenance
from profiles.sources.contract import PERSON_FIELDS

# A profile of thousands of mentions is a fault of its data; the latest ones say what can be known.
MOST_RECORDS = 200


@dataclass(frozen=True)
class Mention:
    """One record's personal values, parallel to PERSON_FIELDS, with its source's trust (0 to 1)."""

    record_id: bytes
    trust: float
    received_at: datetime
    values: Sequence[str | None]


def survive(mentions: Sequence[Mention]) -> tuple[Sequence[str | None], bytes]:
    """The golden values, parallel to PERSON_FIELDS, and their packed provenance. At least one mention."""
    if len(mentions) == 1:
        only = mentions[0]
        # Records written before a field was added say nothing about it.
        stated = [*only.values, *[None] * (len(PERSON_FIELDS) - len(only.values))]
        return stated, provenance.of_one_record(only.record_id, stated, only.trust)
    ordered = sorted(mentions, key=lambda m: (m.trust, m.received_at, m.record_id), reverse=True)[:MOST_RECORDS]
    trusts = [mention.trust for mention in ordered]
    golden = [_survivor(stated, trusts) for stated in zip_longest(*(m.values for m in ordered))]
    golden += [_NOTHING] * (len(PERSON_FIELDS) - len(golden))
    values, index, confidence = zip(*golden, strict=True)
    return values, provenance.pack([m.record_id for m in ordered], index, confidence)


_NOTHING: tuple[str | None, int, float] = (None, provenance.NONE, 0.0)


def _survivor(stated: Sequence[str | None], trusts: Sequence[float]) -> tuple[str | None, int, float]:
    """The first value that was stated, which record's it is, and how sure: one minus the chance that all who agree are
    wrong, times the weight of those who agree."""
    winner = next((at for at, value in enumerate(stated) if value), None)
    if winner is None:
        return _NOTHING
    value = stated[winner]
    folded = str(value).casefold()
    doubt, agreed, weight = 1.0, 0.0, 0.0
    for other, trust in zip(stated, trusts, strict=True):
        if other:
            weight += trust
            if other == value or str(other).casefold() == folded:
                doubt *= 1 - trust
                agreed += trust
    return value, winner, (1 - doubt) * agreed / weight if weight else 0.0
