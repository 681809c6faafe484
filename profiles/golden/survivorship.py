"""Which of several values is the golden one: the most trusted source, and of equals the latest.

How sure: the source's trust, raised by every other record that agrees and lowered by those that do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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


def survive(mentions: Sequence[Mention]) -> tuple[list[str | None], bytes]:
    """The golden values, parallel to PERSON_FIELDS, and their packed provenance. At least one mention."""
    ordered = sorted(mentions, key=lambda m: (m.trust, m.received_at, m.record_id), reverse=True)[:MOST_RECORDS]
    values: list[str | None] = []
    index: list[int] = []
    confidence: list[float] = []
    for field in range(len(PERSON_FIELDS)):
        stated = [(at, m.values[field]) for at, m in enumerate(ordered) if field < len(m.values) and m.values[field]]
        if not stated:
            values.append(None)
            index.append(provenance.NONE)
            confidence.append(0.0)
            continue
        winner, value = stated[0]
        values.append(value)
        index.append(winner)
        confidence.append(_confidence(ordered, stated, str(value)))
    return values, provenance.pack([m.record_id for m in ordered], index, confidence)


def _confidence(ordered: Sequence[Mention], stated: list[tuple[int, str | None]], value: str) -> float:
    """One minus the chance that all who agree are wrong, times the weight of those who agree."""
    agree = [ordered[at].trust for at, other in stated if str(other).casefold() == value.casefold()]
    doubt = 1.0
    for trust in agree:
        doubt *= 1 - trust
    return (1 - doubt) * sum(agree) / sum(ordered[at].trust for at, _ in stated)
