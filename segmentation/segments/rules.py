"""The rule of a segment: a typed tree, read from JSON and checked before anything is done with it.

{"all": [...]}, {"any": [...]}, {"none": [...]} hold conditions or further groups, three levels deep at most;
{"feature": "flown:count_365d", "op": ">=", "value": 4}, {"score": "churn_90d", "op": ">", "value": 0.7},
{"attribute": "tier", "op": "in", "value": ["gold", "platinum"]}.
A comparison with a missing value does not hold; "unknown" asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from segmentation.features import catalogue

MAX_DEPTH = 3
MAX_CONDITIONS = 200
ATTRIBUTES = ("tier", "country", "home_airport", "language")
NUMBER_OPS = (">=", ">", "<=", "<", "=", "!=", "between", "known", "unknown")
WORD_OPS = ("is", "is not", "in", "not in", "known", "unknown")


class InvalidRule(ValueError):
    """The rule cannot be used; `errors` says where and why, one line each."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("; ".join(errors))


class Of(StrEnum):
    FEATURE = "feature"
    SCORE = "score"
    ATTRIBUTE = "attribute"


class Join(StrEnum):
    ALL = "all"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True)
class Condition:
    """`value` is a number, a (low, high) pair, a lower-case word, a tuple of words, or None for known and unknown."""

    of: Of
    name: str
    op: str
    value: float | str | tuple[float, float] | tuple[str, ...] | None


@dataclass(frozen=True)
class Group:
    join: Join
    parts: tuple[Node, ...]


Node = Condition | Group


def read(raw: Any, *, scores: frozenset[str] | None = None) -> Group:
    """The rule in `raw`. `scores` are the names of the models that exist; without them any name is accepted.

    Raises InvalidRule with every error found.
    """
    errors: list[str] = []
    reader = _Reader(errors, scores)
    node = reader.node(raw, "rule", 1)
    if reader.count > MAX_CONDITIONS:
        errors.append(f"rule: {reader.count} conditions; {MAX_CONDITIONS} at most")
    if not errors and not isinstance(node, Group):
        errors.append('rule: expected a group such as {"all": [...]}')
    if errors:
        raise InvalidRule(errors[:20])
    assert isinstance(node, Group)
    return node


class _Reader:
    """Walks the tree and notes each error with its path."""

    def __init__(self, errors: list[str], scores: frozenset[str] | None) -> None:
        self.errors, self.scores, self.count = errors, scores, 0

    def node(self, raw: Any, path: str, depth: int) -> Node | None:
        if not isinstance(raw, dict):
            return self.refuse(path, "expected an object")
        joins = [join for join in Join if join.value in raw]
        if joins:
            return self.group(raw, joins, path, depth)
        return self.condition(raw, path)

    def group(self, raw: dict[str, Any], joins: list[Join], path: str, depth: int) -> Group | None:
        if len(raw) != 1:
            return self.refuse(path, "a group has exactly one of all, any, none and nothing beside it")
        if depth > MAX_DEPTH:
            return self.refuse(path, f"groups are nested more than {MAX_DEPTH} deep")
        parts = raw[joins[0].value]
        if not isinstance(parts, list) or not parts:
            return self.refuse(f"{path}.{joins[0]}", "expected a list with at least one condition")
        read = [self.node(part, f"{path}.{joins[0]}[{i}]", depth + 1) for i, part in enumerate(parts)]
        return Group(joins[0], tuple(part for part in read if part is not None))

    def condition(self, raw: dict[str, Any], path: str) -> Condition | None:
        self.count += 1
        kinds = [kind for kind in Of if kind.value in raw]
        if len(kinds) != 1 or set(raw) - {kinds[0].value, "op", "value"}:
            return self.refuse(path, "expected one of feature, score, attribute with op and value")
        of, name, op = kinds[0], raw[kinds[0].value], str(raw.get("op"))
        if not self.known(of, name):
            return self.refuse(path, f"there is no {of} {name!r}")
        allowed = WORD_OPS if of is Of.ATTRIBUTE else NUMBER_OPS
        if op not in allowed:
            return self.refuse(path, f"op {op!r}: expected one of {', '.join(allowed)}")
        try:
            value = _words(op, raw.get("value")) if of is Of.ATTRIBUTE else _numbers(op, raw.get("value"))
        except ValueError as error:
            return self.refuse(path, f"value {raw.get('value')!r}: expected {error}")
        return Condition(of, name, op, value)

    def known(self, of: Of, name: Any) -> bool:
        if not isinstance(name, str):
            return False
        if of is Of.FEATURE:
            return name in catalogue.POSITION
        if of is Of.ATTRIBUTE:
            return name in ATTRIBUTES
        return self.scores is None or name in self.scores

    def refuse(self, path: str, why: str) -> Any:
        """Note the error; the part is left out."""
        self.errors.append(f"{path}: {why}")
        return None


def _numbers(op: str, value: Any) -> float | tuple[float, float] | None:
    if op in ("known", "unknown"):
        return None
    if op == "between":
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError("two numbers, the lower first")
        low, high = _number(value[0]), _number(value[1])
        if low > high:
            raise ValueError("two numbers, the lower first")
        return low, high
    return _number(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise ValueError("a number")
    return float(value)


def _words(op: str, value: Any) -> str | tuple[str, ...] | None:
    if op in ("known", "unknown"):
        return None
    if op in ("in", "not in"):
        if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
            raise ValueError("a list of words")
        return tuple(sorted({one.lower() for one in value}))
    if not isinstance(value, str) or not value:
        raise ValueError("a word")
    return value.lower()


def conditions(node: Node) -> list[Condition]:
    """Every condition of the tree, from left to right."""
    if isinstance(node, Condition):
        return [node]
    return [one for part in node.parts for one in conditions(part)]


def depends_on(node: Node) -> list[str]:
    """What the rule reads, as "feature flown:count_365d"."""
    return sorted({f"{one.of} {one.name}" for one in conditions(node)})
