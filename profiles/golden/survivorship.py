"""Which of several values is the golden one, and how sure that is.

Each record that states a field is a witness whose reliability is known: its source's trust, or what agreement between
sources has taught about it (`reliability`), fading with age for what changes in a life. Witnesses who agree multiply
their odds; the value with the best odds stands if it is likelier than not, of equals the latest. This is the one-coin
model of Dawid and Skene (Applied Statistics 28, 1979) with every wrong value equally likely.
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
# Less likely than this, a value is a candidate and not part of the profile. Of what changes in a life an older word
# that differs is no contradiction: the latest may stand though as many said otherwise before.
PUBLISHED_FROM, CHANGING_PUBLISHED_FROM = 0.5, 0.3
# People move, and change their address; nobody's day of birth does. Half of what an old word is worth is gone by then.
HALF_LIFE_DAYS = 730.0
_FADING = frozenset(
    ("email", "phone", "irops_email", "irops_phone", "address", "postal_code", "city", "region", "country")
) | {"home_airport", "tier", "tier_status", "language"}
_FADES = tuple(name in _FADING for name in PERSON_FIELDS)
_PUBLISHED_FROM = tuple(CHANGING_PUBLISHED_FROM if fades else PUBLISHED_FROM for fades in _FADES)
_SUREST = 0.999  # nobody is believed without any doubt: odds would be infinite


@dataclass(frozen=True)
class Mention:
    """One record's personal values, parallel to PERSON_FIELDS, with its source's trust (0 to 1).

    `sure` is how often the source is right about each of PERSON_FIELDS; its trust where nothing was learnt.
    """

    record_id: bytes
    trust: float
    received_at: datetime
    values: Sequence[str | None]
    sure: tuple[float, ...] = ()

    def reliability(self, field: int) -> float:
        return self.sure[field] if self.sure else self.trust


@dataclass(frozen=True)
class Candidate:
    """A value that was stated: by which mentions (positions, the most trusted first), and how likely it is."""

    value: str
    stated_by: tuple[int, ...]
    probability: float


def survive(mentions: Sequence[Mention]) -> tuple[Sequence[str | None], bytes]:
    """The golden values, parallel to PERSON_FIELDS, and their packed provenance. At least one mention."""
    if len(mentions) == 1:
        return only_witness(mentions[0])
    ordered = in_order(mentions)
    values: list[str | None] = []
    index: list[int] = []
    confidence: list[float] = []
    for found, least in zip(candidates(ordered), _PUBLISHED_FROM, strict=True):
        best = found[0] if found and found[0].probability >= least else None
        values.append(best.value if best else None)
        index.append(best.stated_by[0] if best else provenance.NONE)
        confidence.append(best.probability if best else 0.0)
    return values, provenance.pack([m.record_id for m in ordered], index, confidence)


def only_witness(mention: Mention) -> tuple[Sequence[str | None], bytes]:
    """The golden values of a person whom one record mentions: what it says, as far as its source is to be believed."""
    # Records written before a field was added say nothing about it.
    stated = [*mention.values, *[None] * (len(PERSON_FIELDS) - len(mention.values))]
    sure = mention.sure or (mention.trust,) * len(PERSON_FIELDS)
    if min(sure) < PUBLISHED_FROM:
        believed = (good >= least for good, least in zip(sure, _PUBLISHED_FROM, strict=True))
        stated = [value if enough else None for value, enough in zip(stated, believed, strict=True)]
    return stated, provenance.of_one_record(mention.record_id, stated, sure)


def in_order(mentions: Sequence[Mention]) -> list[Mention]:
    """The most trusted first, of equals the latest; at most MOST_RECORDS."""
    return sorted(mentions, key=lambda m: (m.trust, m.received_at, m.record_id), reverse=True)[:MOST_RECORDS]


def published_from(field: int) -> float:
    """How likely the best value of a field, by its position in PERSON_FIELDS, must be to be published."""
    return _PUBLISHED_FROM[field]


def candidates(ordered: Sequence[Mention]) -> list[list[Candidate]]:
    """For each of PERSON_FIELDS the values that were stated, the likeliest first."""
    newest = max(mention.received_at for mention in ordered)
    fresh = [0.5 ** ((newest - m.received_at).total_seconds() / (86_400 * HALF_LIFE_DAYS)) for m in ordered]
    stated = zip_longest(*(m.values for m in ordered))
    found = [_candidates(at, values, ordered, fresh) for at, values in enumerate(stated)]
    return found + [[] for _ in range(len(PERSON_FIELDS) - len(found))]


def _candidates(
    field: int, stated: Sequence[str | None], ordered: Sequence[Mention], fresh: Sequence[float]
) -> list[Candidate]:
    by_value: dict[str, list[int]] = {}
    for at, value in enumerate(stated):
        if value:
            by_value.setdefault(str(value).casefold(), []).append(at)
    if not by_value:
        return []
    odds = dict.fromkeys(by_value, 1.0)
    for value, witnesses in by_value.items():
        for at in witnesses:
            sure = min(_reliability(field, ordered[at], fresh[at]), _SUREST)
            odds[value] *= sure / (1 - sure)
            if odds[value] > 1e12:
                break
    total = 1.0 + sum(odds.values())  # one for the value that nobody has stated
    latest = {value: max(ordered[at].received_at for at in by_value[value]) for value in by_value}
    best_first = sorted(by_value, key=lambda value: (round(odds[value], 9), latest[value]), reverse=True)
    return [
        Candidate(str(stated[by_value[value][0]]), tuple(by_value[value]), odds[value] / total) for value in best_first
    ]


def _reliability(field: int, mention: Mention, fresh: float) -> float:
    sure = mention.reliability(field)
    return 0.5 + (sure - 0.5) * fresh if _FADES[field] and sure > 0.5 else sure
