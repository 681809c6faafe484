"""A rule as SQL over the stored vectors, to count it without reading them: the same answer as `evaluation`.

The statement that takes a condition has `v`, a row of segmentation_featurevector, and `p`, its profile or nothing, and
says of which buckets it is: `low` to `high`.
Names in the text come from code; whatever a user wrote is a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np

from segmentation.features import catalogue, packing
from segmentation.models import CustomerList, Segment
from segmentation.segments.happenings import compared
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
    Step,
    conditions,
    segments_of,
)

_FEATURES = len(catalogue.FEATURES)
_MAP = packing.width(_FEATURES)
_OPS = {">=": ">=", ">": ">", "<=": "<=", "<": "<", "=": "=", "!=": "<>"}
# Floats of one sign are in the order of their bits, so a value is compared as a whole number and never decoded.
_FEATURE = """
(CASE WHEN get_bit(v.values, {absent}) = 1 THEN NULL WHEN get_bit(v.values, {place}) = 0 THEN 0 ELSE (
    SELECT CASE WHEN b.bits < 2147483648 THEN b.bits ELSE 2147483648 - b.bits END
    FROM (SELECT get_byte(v.values, s.at)::bigint + 256 * get_byte(v.values, s.at + 1)::bigint
               + 65536 * get_byte(v.values, s.at + 2)::bigint + 16777216 * get_byte(v.values, s.at + 3)::bigint AS bits
          FROM (SELECT CASE WHEN length(v.values) = {maps} + 4 * r.count THEN {maps} + 4 * r.nth
                       ELSE {maps} + r.count + 4 * get_byte(v.values, {maps} + r.nth) END AS at
                FROM (SELECT bit_count(substring(v.values FROM 1 FOR {map}))::int AS count,
                             (bit_count(substring(v.values FROM 1 FOR {whole}))
                              + bit_count((get_byte(v.values, {whole}) & {below})::bit(8)))::int AS nth OFFSET 0) r
                OFFSET 0) s OFFSET 0) b) END)
"""
_SCORE = """
(SELECT s.value FROM segmentation_score s WHERE s.bucket = v.bucket AND s.entity_kind = 'customer'
   AND s.entity_id = v.id AND s.name = %({name})s LIMIT 1)
"""
_MEMBER = """
EXISTS (SELECT 1 FROM segmentation_membership m WHERE m.bucket = v.bucket AND m.id = v.id
        AND length(m.bitmap) > {byte} AND get_bit(m.bitmap, {bit}) = 1)
"""
_LAST_MOVE = """
(SELECT max(t.at) FROM segmentation_transition t WHERE t.bucket = v.bucket AND t.customer_id = v.id
   AND t.segment_id = %({segment})s AND t.direction = '{direction}' AND t.at <= %(at)s)
"""
_LISTED = """
EXISTS (SELECT 1 FROM segmentation_customerlistentry l WHERE l.bucket = v.bucket AND l.customer_id = v.id
        AND l.list_id = %({list})s)
"""
DRAW = "('x' || substr(md5(%({name})s || encode(uuid_send({id}), 'hex')), 1, 8))::bit(32)::bigint %% 10000"
_WHERE = {
    "item": "lower({e}.item)",
    "to": "lower(split_part({e}.item, '-', 2))",
    "channel": "lower({e}.channel)",
    "cabin": "lower({e}.cabin)",
    "haul": "lower({e}.haul)",
}


@dataclass
class Compiled:
    """Each condition as SQL that is true or false, and the parameters of all of them."""

    at: datetime
    params: dict[str, Any]
    conditions: dict[Leaf, str] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=count)

    @property
    def reads_profiles(self) -> bool:
        return any(isinstance(leaf, Condition) and leaf.of is Of.ATTRIBUTE for leaf in self.conditions)

    def given(self, value: Any) -> str:
        """The name of a new parameter with this value."""
        name = f"rule_{next(self._numbers)}"
        self.params[name] = value
        return name


def compiled(rule: Group, at: datetime) -> Compiled:
    """The conditions of the rule as of `at`, in their order."""
    told = Compiled(at, {"at": at})
    positions = dict(Segment.objects.filter(slug__in=segments_of(rule)).values_list("slug", "position"))
    ids = dict(Segment.objects.filter(slug__in=segments_of(rule)).values_list("slug", "id"))
    listed = {leaf.slug for leaf in conditions(rule) if isinstance(leaf, OnList)}
    lists = dict(CustomerList.objects.filter(slug__in=listed).values_list("slug", "id")) if listed else {}
    for leaf in conditions(rule):
        if leaf not in told.conditions:
            told.conditions[leaf] = f"coalesce({_leaf(leaf, told, positions, ids, lists)}, false)"
    return told


def joined(node: Node, named: dict[Leaf, str]) -> str:
    """The tree over conditions that go by these names."""
    if not isinstance(node, Group):
        return named[node]
    text = (" AND " if node.join is Join.ALL else " OR ").join(joined(part, named) for part in node.parts)
    return f"NOT ({text})" if node.join is Join.NONE else f"({text})"


def _leaf(leaf: Leaf, told: Compiled, positions: dict[str, int], ids: dict[str, Any], lists: dict[str, Any]) -> str:
    match leaf:
        case Condition(of=Of.FEATURE):
            return _compared(leaf, _feature(leaf.name), told, of_bits=True)
        case Condition(of=Of.SCORE):
            return _compared(leaf, _SCORE.format(name=told.given(leaf.name)), told)
        case Condition():
            return _worded(leaf, told)
        case Happened():
            return _happened(leaf, told)
        case Sequence():
            return _followed(leaf, told)
        case InSegment():
            return _not(leaf.inside, _member(positions.get(leaf.slug)))
        case HasBeen():
            return _stay(leaf, told, _member(positions.get(leaf.slug)), ids.get(leaf.slug))
        case OnList():
            known = lists.get(leaf.slug)
            return _not(leaf.inside, _LISTED.format(list=told.given(known)) if known else "false")
        case Draw():
            place = f"({DRAW.format(name=told.given(leaf.name), id='v.id')})"
            return f"{place} >= {round(leaf.low * 100)} AND {place} < {round(leaf.below * 100)}"


def _feature(name: str) -> str:
    place = catalogue.POSITION[name]
    return _FEATURE.format(
        absent=8 * _MAP + place, place=place, map=_MAP, maps=2 * _MAP, whole=place // 8, below=(1 << place % 8) - 1
    )


def order_of(value: float) -> int:
    """Where the float32 nearest to the value stands among all of them, as `_FEATURE` counts."""
    bits = int(np.float32(value).view(np.uint32))
    return bits if bits < 1 << 31 else (1 << 31) - bits


def _compared(one: Condition, column: str, told: Compiled, *, of_bits: bool = False) -> str:
    if one.op in ("known", "unknown"):
        return f"{column} IS {'NOT ' if one.op == 'known' else ''}NULL"
    limits = one.value if isinstance(one.value, tuple) else (one.value,)
    names = [told.given(order_of(float(each)) if of_bits else float(each)) for each in limits if each is not None]
    if one.op == "between":
        return f"{column} BETWEEN %({names[0]})s AND %({names[1]})s"
    return f"{column} {_OPS[one.op]} %({names[0]})s"


def _worded(one: Condition, told: Compiled) -> str:
    column = f"coalesce(lower(p.{one.name}), '')"
    if one.op in ("known", "unknown"):
        return f"{column} {'<>' if one.op == 'known' else '='} ''"
    words = told.given(list(one.value) if isinstance(one.value, tuple) else [one.value])
    among = f"{column} = ANY(%({words})s::text[])"
    return among if one.op in ("is", "in") else f"{column} <> '' AND NOT {among}"


def _happened(leaf: Happened, told: Compiled) -> str:
    """One pass over the events of the buckets: who has so many, or where none would do, who has not."""
    here = "e0"
    op, limit = _OPS[leaf.op], told.given(leaf.value)
    none_will_do = bool(compared(np.zeros(1, dtype=np.int64), leaf.op, leaf.value)[0])
    counted = f"count(*) {op} %({limit})s"
    having = f"NOT ({counted})" if none_will_do else counted
    chosen = f"SELECT {here}.customer_id FROM profiles_event {here} WHERE {_in_buckets(here, leaf.step, leaf, told)}"
    return _not(not none_will_do, f"(v.id IN ({chosen} GROUP BY {here}.customer_id HAVING {having}))")


def _followed(leaf: Sequence, told: Compiled) -> str:
    """Whoever has a first event from which the others follow."""
    first, *rest = leaf.steps
    then = f" AND {_then(rest, leaf, told, 1)}" if rest else ""
    return f"v.id IN (SELECT e0.customer_id FROM profiles_event e0 WHERE {_in_buckets('e0', first, leaf, told)}{then})"


def _then(steps: list[Step], leaf: Sequence, told: Compiled, depth: int) -> str:
    here, before = f"e{depth}", f"e{depth - 1}"
    rest = f" AND {_then(steps[1:], leaf, told, depth + 1)}" if steps[1:] else ""
    text = (
        f"EXISTS (SELECT 1 FROM profiles_event {here} WHERE {here}.bucket = {before}.bucket "
        f"AND {here}.customer_id = {before}.customer_id AND {here}.occurred_at > {before}.occurred_at "
        f"AND {_events(here, steps[0], leaf, told)}{rest})"
    )
    return f"NOT {text}" if steps[0].absent else text


def _in_buckets(name: str, step: Step, leaf: Happened | Sequence, told: Compiled) -> str:
    where = f"{name}.bucket BETWEEN %(low)s AND %(high)s AND {name}.customer_id IS NOT NULL"
    return f"{where} AND {_events(name, step, leaf, told)}"


def _events(name: str, step: Step, leaf: Happened | Sequence, told: Compiled) -> str:
    parts = [f"{name}.kind = {int(step.kind)}", f"{name}.occurred_at < %(at)s"]
    if leaf.within_days:
        since = told.given(told.at - timedelta(days=leaf.within_days))
        parts.append(f"{name}.occurred_at >= %({since})s")
    for column, words in step.where:
        parts.append(f"{_WHERE[column].format(e=name)} = ANY(%({told.given(list(words))})s::text[])")
    return " AND ".join(parts)


def _member(position: int | None) -> str:
    return "false" if position is None else _MEMBER.format(byte=position // 8, bit=position)


def _stay(leaf: HasBeen, told: Compiled, member: str, segment: Any) -> str:
    if segment is None:
        return "false"
    before = told.given(told.at - timedelta(days=leaf.for_days or leaf.within_days or 0))
    named = told.given(segment)
    if leaf.for_days is not None:
        return f"({member} AND {_LAST_MOVE.format(segment=named, direction='entered')} <= %({before})s)"
    return f"({member} OR {_LAST_MOVE.format(segment=named, direction='left')} >= %({before})s)"


def _not(wanted: bool, text: str) -> str:
    return text if wanted else f"NOT {text}"


def select(names: Iterable[tuple[str, str]]) -> str:
    """Columns of these expressions under these names."""
    return ", ".join(f"({expression}) AS {name}" for name, expression in names)
