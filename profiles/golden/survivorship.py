"""Which of several values is the golden one, and how sure that is.

Each record that states a field is a witness whose reliability is known: its source's trust, or what agreement between
sources has taught about it (`reliability`), fading with age for what changes in a life. Witnesses who agree multiply
their odds; the value with the best odds stands if it is likelier than not, of equals the latest. This is the one-coin
model of Dawid and Skene (Applied Statistics 28, 1979) with every wrong value equally likely.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice, repeat, zip_longest

from profiles.golden import provenance, spelling
from profiles.golden.misspelt import Names
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
# What a record only repeats of another speaks neither for nor against it.
COPIED = 0.5
_GIVEN_NAME, _SURNAME = PERSON_FIELDS.index("given_name"), PERSON_FIELDS.index("surname")
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


@dataclass(frozen=True)
class Candidate:
    """A value that was stated: by which mentions (positions, the most trusted first), and how likely it is."""

    value: str
    stated_by: tuple[int, ...]
    probability: float


def survive(mentions: Sequence[Mention], names: Names | None = None) -> tuple[Sequence[str | None], bytes]:
    """The golden values, parallel to PERSON_FIELDS, and their packed provenance. At least one mention.

    `names`: which names many have, so that a slip in one is seen.
    """
    if len(mentions) == 1:
        return only_witness(mentions[0], names)
    ordered = in_order(mentions)
    fresh = _freshness(ordered)
    values: list[str | None] = []
    index: list[int] = []
    confidence: list[float] = []
    for field, stated in enumerate(_by_field(ordered)):
        value, by, probability = _best(field, stated, ordered, fresh, names)
        published = value is not None and probability >= _PUBLISHED_FROM[field]
        values.append(value if published else None)
        index.append(by if published else provenance.NONE)
        confidence.append(probability if published else 0.0)
    return values, provenance.pack([m.record_id for m in ordered], index, confidence)


def _by_field(ordered: Sequence[Mention]) -> Iterator[Sequence[str | None]]:
    """For each of PERSON_FIELDS what the mentions state; records written before a field was added say nothing."""
    nothing = (None,) * len(ordered)
    return islice(chain(zip_longest(*(m.values for m in ordered)), repeat(nothing)), len(PERSON_FIELDS))


def _best(
    field: int,
    stated: Sequence[str | None],
    ordered: Sequence[Mention],
    fresh: Sequence[float],
    names: Names | None,
) -> tuple[str | None, int, float]:
    """The likeliest value of a field, the position of the first mention that states it, and how likely it is.

    Mostly nobody states a field, or all who do agree: then nothing is to be compared.
    """
    witnesses = [at for at, value in enumerate(stated) if value]
    if not witnesses:
        return None, 0, 0.0
    first = stated[witnesses[0]]
    if len(witnesses) == 1 or all(stated[at] == first for at in witnesses):
        odds = _odds(field, witnesses, ordered, fresh, names)
        return first, witnesses[0], odds / (1.0 + odds)
    best = _candidates(field, stated, ordered, fresh, names)[0]
    return best.value, best.stated_by[0], best.probability


def only_witness(mention: Mention, names: Names | None = None) -> tuple[Sequence[str | None], bytes]:
    """The golden values of a person whom one record mentions: what it says, as far as its source is to be believed."""
    # Records written before a field was added say nothing about it.
    stated = [*mention.values, *[None] * (len(PERSON_FIELDS) - len(mention.values))]
    sure = mention.sure or (mention.trust,) * len(PERSON_FIELDS)
    if min(sure) < PUBLISHED_FROM:
        believed = (good >= least for good, least in zip(sure, _PUBLISHED_FROM, strict=True))
        stated = [value if enough else None for value, enough in zip(stated, believed, strict=True)]
    if names:
        for field in (_GIVEN_NAME, _SURNAME):
            value = stated[field]
            if value and sure[field] * (1 - names.chance(field, value)) < PUBLISHED_FROM:
                stated[field] = None
    return stated, provenance.of_one_record(mention.record_id, stated, sure)


def in_order(mentions: Sequence[Mention]) -> list[Mention]:
    """The most trusted first, of equals the latest; at most MOST_RECORDS."""
    return sorted(mentions, key=lambda m: (m.trust, m.received_at, m.record_id), reverse=True)[:MOST_RECORDS]


def published_from(field: int) -> float:
    """How likely the best value of a field, by its position in PERSON_FIELDS, must be to be published."""
    return _PUBLISHED_FROM[field]


def candidates(ordered: Sequence[Mention], names: Names | None = None) -> list[list[Candidate]]:
    """For each of PERSON_FIELDS the values that were stated, the likeliest first."""
    fresh = _freshness(ordered)
    return [_candidates(field, stated, ordered, fresh, names) for field, stated in enumerate(_by_field(ordered))]


def _freshness(ordered: Sequence[Mention]) -> list[float]:
    """What age leaves of each mention's word, 0 to 1."""
    newest = max(mention.received_at for mention in ordered)
    return [0.5 ** ((newest - m.received_at).total_seconds() / (86_400 * HALF_LIFE_DAYS)) for m in ordered]


def _candidates(
    field: int,
    stated: Sequence[str | None],
    ordered: Sequence[Mention],
    fresh: Sequence[float],
    names: Names | None,
) -> list[Candidate]:
    by_value: dict[str, list[int]] = {}
    for at, value in enumerate(stated):
        if value:
            by_value.setdefault(spelling.meant(field, str(value)), []).append(at)
    if not by_value:
        return []
    odds = {value: _odds(field, witnesses, ordered, fresh, names) for value, witnesses in by_value.items()}
    total = 1.0 + sum(odds.values())  # one for the value that nobody has stated
    latest = {value: max(ordered[at].received_at for at in by_value[value]) for value in by_value}
    best_first = sorted(by_value, key=lambda value: (round(odds[value], 9), latest[value]), reverse=True)
    return [_candidate(field, stated, by_value[value], odds[value] / total, ordered, fresh) for value in best_first]


def _candidate(
    field: int,
    stated: Sequence[str | None],
    witnesses: Sequence[int],
    probability: float,
    ordered: Sequence[Mention],
    fresh: Sequence[float],
) -> Candidate:
    """A value in its fullest spelling; who wrote it so comes first of those who state it."""
    values = [str(stated[at]) for at in witnesses]
    said = [_odds(field, [at], ordered, fresh, None) for at in witnesses] if field in spelling.NAMES else []
    chosen = witnesses[spelling.fullest(field, values, said)]
    return Candidate(str(stated[chosen]), (chosen, *(at for at in witnesses if at != chosen)), probability)


def _odds(
    field: int, witnesses: Sequence[int], ordered: Sequence[Mention], fresh: Sequence[float], names: Names | None
) -> float:
    """How much likelier a value is to be right than wrong that these mentions state."""
    fades = _FADES[field]
    odds, independent = 1.0, 0
    for at in witnesses:
        mention = ordered[at]
        sure = mention.sure[field] if mention.sure else mention.trust
        if fades and sure > 0.5:
            sure = 0.5 + (sure - 0.5) * fresh[at]
        sure = min(sure, _SUREST)
        odds *= sure / (1 - sure)
        independent += sure != COPIED
        if odds > 1e12:
            break
    # Two who wrote the same by themselves made no slip.
    if names and independent < 2 and (slip := names.chance(field, str(ordered[witnesses[0]].values[field]))):
        right = odds / (1 + odds) * (1 - slip)
        return right / (1 - right)
    return odds
