"""Rules over blocks of customers: each condition is one comparison of a column, each group a few of booleans.

The same evaluation answers for one customer, as a block of one; so a page and a batch cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
from segmentation.segments import sentences
from segmentation.segments.rules import ATTRIBUTES, Condition, Group, Join, Node, Of, conditions

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

    Hundreds of rules share some dozens of conditions, so each column is read and each condition tested once.
    """

    block: Block
    scores: Mapping[str, NDArray[np.float64]]
    attributes: Mapping[str, NDArray[np.object_]]
    read: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    tested: dict[Condition, Mask] = field(default_factory=dict)

    def of(self, one: Condition) -> NDArray[Any]:
        if one.of is Of.FEATURE:
            if one.name not in self.read:
                self.read[one.name] = self.block.columns([one.name])[:, 0]
            return self.read[one.name]
        if one.of is Of.SCORE:
            return self.scores[one.name]
        return self.attributes[one.name]


def columns(block: Block, rules: list[Group]) -> Columns:
    """Read beside the vectors what else these rules ask for, and nothing if they ask for nothing."""
    asked = [one for rule in rules for one in conditions(rule)]
    scores = sorted({one.name for one in asked if one.of is Of.SCORE})
    attributes = any(one.of is Of.ATTRIBUTE for one in asked)
    texts = _texts(block.ids) if scores or attributes else pa.array([], pa.string())
    return Columns(
        block,
        _scores(block, texts, scores) if scores else {},
        _attributes(block, texts) if attributes else {},
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
    if isinstance(node, Condition):
        if node not in known.tested:
            known.tested[node] = _test(node, known.of(node))
        return known.tested[node]
    masks = [holds(part, known) for part in node.parts]
    joined = np.logical_and.reduce(masks) if node.join is Join.ALL else np.logical_or.reduce(masks)
    return ~joined if node.join is Join.NONE else joined


def _test(one: Condition, values: NDArray[Any]) -> Mask:
    return _test_words(one, values) if one.of is Of.ATTRIBUTE else _test_numbers(one, values)


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
    block = Block(Which(customers=(str(customer_id),)), as_block([customer_id]), found[0].reshape(1, -1))
    known = columns(block, [rule])
    reasons = [_reason(one, known) for one in conditions(rule)]
    return bool(holds(rule, known)[0]), reasons


def _reason(one: Condition, known: Columns) -> Reason:
    value = known.of(one)[0]
    if one.of is Of.ATTRIBUTE:
        shown: float | str | None = str(value) or None
    else:
        shown = None if np.isnan(value) else round(float(value), 4)
    return Reason(sentences.condition(one), bool(holds(one, known)[0]), shown)
