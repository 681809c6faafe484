"""Rules over blocks of customers: each condition is one comparison of a column, each group a few of booleans.

The same evaluation answers for one customer, as a block of one; so a page and a batch cannot disagree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from iaros.lib.ids import as_block
from segmentation.features import facts, store
from segmentation.features.facts import Which
from segmentation.features.store import Block
from segmentation.segments import happenings, sentences, standings
from segmentation.segments.happenings import Happenings
from segmentation.segments.nodes import (
    Condition,
    Draw,
    Group,
    Happened,
    HasBeen,
    InSegment,
    Join,
    Leaf,
    Node,
    Of,
    OnList,
    Sequence,
    leaves,
)
from segmentation.segments.rules import ATTRIBUTES
from segmentation.segments.standings import Stint

Mask = NDArray[np.bool_]

_SCORES_SQL = """
FROM segmentation_score s
WHERE {which} AND s.entity_kind = 'customer' AND s.name = ANY(%(names)s::text[])
"""
_SCORE_COLUMNS = {
    "id": ("s.entity_id", pa.string()),
    "name": ("s.name", pa.string()),
    "value": ("s.value", pa.float64()),
}
_PROFILES_SQL = "FROM profiles_profile p WHERE {which}"
_PROFILE_COLUMNS = {
    "id": ("p.id", pa.string()),
    **{name: (f"coalesce(lower(p.{name}), '')", pa.string()) for name in ATTRIBUTES},
}


@dataclass(frozen=True)
class Columns:
    """What rules may read of a block of customers; a missing number is NaN, a missing word is "".

    `inside` is who is in which segment, by slug: as stored, or as this very evaluation found it.
    Hundreds of rules share some dozens of conditions, so each column is read and each condition tested once.
    """

    block: Block
    at: datetime
    scores: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    attributes: Mapping[str, NDArray[np.object_]] = field(default_factory=dict)
    happened: Happenings | None = None
    stints: Mapping[str, Stint] = field(default_factory=dict)
    lists: Mapping[str, Mask] = field(default_factory=dict)
    inside: dict[str, Mask] = field(default_factory=dict)
    read: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    tested: dict[Leaf, Mask] = field(default_factory=dict)

    def of(self, one: Condition) -> NDArray[Any]:
        if one.of is Of.FEATURE:
            if one.name not in self.read:
                self.read[one.name] = self.block.columns([one.name])[:, 0]
            return self.read[one.name]
        if one.of is Of.SCORE:
            return self.scores[one.name]
        return self.attributes[one.name]


def columns(block: Block, rules: Iterable[Group], at: datetime, *, inside: dict[str, Mask] | None = None) -> Columns:
    """Read beside the vectors what else these rules ask for as of `at`, and nothing if they ask for nothing.

    `inside` is filled by the caller as it goes; without it memberships are read as they are stored.
    """
    asked = list({leaf for rule in rules for leaf in leaves(rule)})
    compared = [leaf for leaf in asked if isinstance(leaf, Condition)]
    scores = sorted({one.name for one in compared if one.of is Of.SCORE})
    attributes = any(one.of is Of.ATTRIBUTE for one in compared)
    events = [leaf for leaf in asked if isinstance(leaf, Happened | Sequence)]
    stints = {leaf.slug for leaf in asked if isinstance(leaf, HasBeen)}
    held = {leaf.slug for leaf in asked if isinstance(leaf, InSegment)} | stints
    lists = {leaf.slug for leaf in asked if isinstance(leaf, OnList)}
    texts = _texts(block.ids) if scores or attributes or events else pa.array([], pa.string())
    return Columns(
        block,
        at,
        scores=_scores(block, texts, scores) if scores else {},
        attributes=_attributes(block, texts) if attributes else {},
        happened=happenings.read(block.which, texts, events, at) if events else None,
        stints=standings.stints(block, stints, at) if stints else {},
        lists=standings.listed(block, lists) if lists else {},
        inside=inside if inside is not None else standings.inside(block, held),
    )


def _texts(ids: NDArray[np.uint8]) -> pa.Array:
    written = ids.tobytes().hex()
    rows = (written[i : i + 32] for i in range(0, len(written), 32))
    return pa.array([f"{r[:8]}-{r[8:12]}-{r[12:16]}-{r[16:20]}-{r[20:]}" for r in rows], pa.string())


def _scores(block: Block, texts: pa.Array, names: list[str]) -> dict[str, NDArray[np.float64]]:
    table = facts.gathered(
        _SCORE_COLUMNS,
        _SCORES_SQL.format(which=block.which.where("s", "entity_id")),
        {**block.which.params, "names": names},
    )
    found = {}
    for name in names:
        mine = table.filter(pc.equal(table["name"], name))
        place = pc.index_in(texts, value_set=mine["id"].combine_chunks())
        found[name] = np.asarray(mine["value"].take(place).to_numpy(), dtype=np.float64)
    return found


def _attributes(block: Block, texts: pa.Array) -> dict[str, NDArray[np.object_]]:
    table = facts.gathered(
        _PROFILE_COLUMNS, _PROFILES_SQL.format(which=block.which.where("p", "id")), block.which.params
    )
    place = pc.index_in(texts, value_set=table["id"].combine_chunks())
    return {name: table[name].take(place).fill_null("").to_numpy(zero_copy_only=False) for name in ATTRIBUTES}


def holds(node: Node, known: Columns) -> Mask:
    """For whom of the block the rule holds."""
    if not isinstance(node, Group):
        if node not in known.tested:
            known.tested[node] = _test(node, known)
        return known.tested[node]
    masks = [holds(part, known) for part in node.parts]
    joined = np.logical_and.reduce(masks) if node.join is Join.ALL else np.logical_or.reduce(masks)
    return ~joined if node.join is Join.NONE else joined


def _test(leaf: Leaf, known: Columns) -> Mask:
    match leaf:
        case Condition(of=Of.ATTRIBUTE):
            return _test_words(leaf, known.of(leaf))
        case Condition():
            return _test_numbers(leaf, known.of(leaf))
        case Happened() | Sequence():
            assert known.happened is not None
            return known.happened.holds(leaf)
        case InSegment():
            return known.inside[leaf.slug] == leaf.inside
        case HasBeen():
            return _test_stay(leaf, known)
        case OnList():
            return known.lists[leaf.slug] == leaf.inside
        case Draw():
            place = drawn(known.block.ids, leaf.name)
            return (place >= round(leaf.low * 100)) & (place < round(leaf.below * 100))


def _test_stay(leaf: HasBeen, known: Columns) -> Mask:
    inside, stint = known.inside[leaf.slug], known.stints[leaf.slug]
    before = facts.microseconds(known.at - timedelta(days=leaf.for_days or leaf.within_days or 0))
    if leaf.for_days is not None:
        return inside & (stint.entered <= before)
    return inside | (stint.left >= before)


def drawn(ids: NDArray[np.uint8], name: str) -> NDArray[np.int64]:
    """The place of each customer in the draw of that name, 0 to 9,999; the same in SQL and for ever."""
    written, salt = ids.tobytes().hex(), name.encode()
    places = (
        int(hashlib.md5(salt + written[i : i + 32].encode(), usedforsecurity=False).hexdigest()[:8], 16) % 10_000
        for i in range(0, len(written), 32)
    )
    return np.fromiter(places, dtype=np.int64, count=len(ids))


def _test_numbers(one: Condition, values: NDArray[Any]) -> Mask:
    if one.op in ("known", "unknown"):
        return np.isnan(values) == (one.op == "unknown")
    if isinstance(one.value, tuple):
        return (values >= one.value[0]) & (values <= one.value[1])
    # A limit is rounded as the stored values are, or 0.7 would not equal 0.7.
    limit = values.dtype.type(one.value)
    match one.op:
        case ">=":
            return values >= limit
        case ">":
            return values > limit
        case "<=":
            return values <= limit
        case "<":
            return values < limit
        case "=":
            return values == limit
    return (values != limit) & ~np.isnan(values)


def _test_words(one: Condition, values: NDArray[Any]) -> Mask:
    known = values != ""
    if one.op in ("known", "unknown"):
        return known == (one.op == "known")
    words = (one.value,) if isinstance(one.value, str) else one.value
    named = np.isin(values.astype(str), np.array(words, dtype=str))
    return named if one.op in ("is", "in") else known & ~named


@dataclass(frozen=True)
class Reason:
    """One condition for one customer: in words, whether it holds, and the value found (None where there is none)."""

    sentence: str
    holds: bool
    value: float | str | None


def why(rule: Group, customer_id: UUID) -> tuple[bool, list[Reason]]:
    """Is this customer in, by the stored vector, and how does each condition stand? Nobody unknown is in."""
    found = store.vector_of(customer_id)
    if found is None:
        return False, []
    known = columns_of(customer_id, *found, [rule])
    return bool(holds(rule, known)[0]), reasons(rule, known)


def columns_of(customer_id: UUID, vector: NDArray[np.float32], at: datetime, rules: Iterable[Group]) -> Columns:
    """What these rules read of one customer."""
    block = Block(Which(customers=(str(customer_id),)), as_block([customer_id]), vector.reshape(1, -1))
    return columns(block, rules, at)


def reasons(rule: Group, known: Columns, row: int = 0) -> list[Reason]:
    """How each condition stands for the customer in that row."""
    return [_reason(leaf, known, row) for leaf in leaves(rule)]


def _reason(leaf: Leaf, known: Columns, row: int) -> Reason:
    shown: float | str | None = None
    if isinstance(leaf, Condition):
        shown = _shown(leaf, known.of(leaf)[row])
    return Reason(sentences.condition(leaf), bool(holds(leaf, known)[row]), shown)


def _shown(one: Condition, value: Any) -> float | str | None:
    if one.of is Of.ATTRIBUTE:
        return str(value) or None
    return None if np.isnan(value) else round(float(value), 4)
