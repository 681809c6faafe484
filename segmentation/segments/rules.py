"""The rule of a segment: a typed tree, read from JSON and checked before anything is done with it.

{"all": [...]}, {"any": [...]}, {"none": [...]} hold conditions or further groups, three levels deep at most:
{"feature": "flown:count_365d", "op": ">=", "value": 4}, {"score": "churn_90d", "op": ">", "value": 0.7},
{"attribute": "tier", "op": "in", "value": ["gold", "platinum"]},
{"event": "web_searched", "where": {"channel": ["web"]}, "within_days": 30, "op": ">=", "value": 2},
{"sequence": [{"event": "web_searched"}, {"event": "booking_made", "absent": true}], "within_days": 30},
{"segment": "bag-buyers", "op": "not in"}, {"list": "guests-of-the-gala", "op": "in"},
{"has_been": "bag-buyers", "for_days": 30} or {..., "within_days": 90}, {"random": "spring", "from": 0, "below": 10}.
A comparison with a missing value does not hold; "unknown" asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from profiles.models import EventKind
from segmentation.features import catalogue
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
    depends_on,
)

__all__ = ["Condition", "Group", "InvalidRule", "Join", "Node", "Of", "Vocabulary", "conditions", "depends_on", "read"]

MAX_DEPTH = 3
MAX_CONDITIONS = 200
MAX_STEPS = 4
MAX_DAYS = 3_650
MAX_WORDS = 1_000
ATTRIBUTES = ("tier", "tier_status", "country", "region", "home_airport", "language")
COUNT_OPS = (">=", ">", "<=", "<", "=", "!=")
NUMBER_OPS = (*COUNT_OPS, "between", "known", "unknown")
WORD_OPS = ("is", "is not", "in", "not in", "known", "unknown")
IN_OPS = ("in", "not in")
WHERE = ("item", "to", "channel", "cabin", "haul")
EVENTS = {kind.name.lower(): kind for kind in EventKind}


class InvalidRule(ValueError):
    """The rule cannot be used; `errors` says where and why, one line each."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("; ".join(errors))


@dataclass(frozen=True)
class Vocabulary:
    """The names that exist beside features, attributes and events; None accepts any."""

    scores: frozenset[str] | None = None
    segments: frozenset[str] | None = None
    lists: frozenset[str] | None = None


def read(raw: Any, *, scores: frozenset[str] | None = None, names: Vocabulary | None = None) -> Group:
    """The rule in `raw`. Without `names` (or `scores` alone) models, segments and lists of any name are accepted.

    Raises InvalidRule with every error found.
    """
    errors: list[str] = []
    reader = _Reader(errors, names or Vocabulary(scores=scores))
    node = reader.node(raw, "rule", 1)
    if reader.count > MAX_CONDITIONS:
        errors.insert(0, f"rule: {reader.count} conditions; {MAX_CONDITIONS} at most")
    if not errors and not isinstance(node, Group):
        errors.append('rule: expected a group such as {"all": [...]}')
    if errors:
        raise InvalidRule(errors[:20])
    assert isinstance(node, Group)
    return node


def readable(raw: Any) -> Group | None:
    """A rule that stands, or None where it names what is gone by now: its members then stay who they are."""
    try:
        return read(raw)
    except InvalidRule:
        return None


class _Reader:
    """Walks the tree and notes each error with its path."""

    def __init__(self, errors: list[str], names: Vocabulary) -> None:
        self.errors, self.names, self.count = errors, names, 0
        self.kinds: dict[str, Callable[[dict[str, Any]], Leaf]] = {
            **{of.value: self.comparison for of in Of},
            "event": self.happened,
            "sequence": self.sequence,
            "segment": self.in_segment,
            "has_been": self.has_been,
            "random": self.draw,
            "list": self.on_list,
        }

    def node(self, raw: Any, path: str, depth: int) -> Node | None:
        if not isinstance(raw, dict):
            return self.refuse(path, "expected an object")
        joins = [join for join in Join if join.value in raw]
        if joins:
            return self.group(raw, joins, path, depth)
        return self.leaf(raw, path)

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

    def leaf(self, raw: dict[str, Any], path: str) -> Leaf | None:
        self.count += 1
        kinds = [kind for kind in self.kinds if kind in raw]
        if len(kinds) != 1:
            return self.refuse(path, f"expected exactly one of {', '.join(self.kinds)}")
        try:
            return self.kinds[kinds[0]](raw)
        except _Wrong as wrong:
            return self.refuse(path, str(wrong))

    def comparison(self, raw: dict[str, Any]) -> Condition:
        of = next(of for of in Of if of.value in raw)
        _only(raw, of.value, "op", "value")
        name, op = raw[of.value], str(raw.get("op"))
        known = {
            Of.FEATURE: catalogue.POSITION.keys(),
            Of.ATTRIBUTE: ATTRIBUTES,
            Of.SCORE: self.names.scores,
        }[of]
        _exists(of.value, name, known)
        worded = of is Of.ATTRIBUTE
        _one_of("op", op, WORD_OPS if worded else NUMBER_OPS)
        value = _words(op, raw.get("value")) if worded else _numbers(op, raw.get("value"))
        return Condition(of, name, op, value)

    def happened(self, raw: dict[str, Any]) -> Happened:
        _only(raw, "event", "where", "within_days", "op", "value")
        op = str(raw.get("op", ">="))
        _one_of("op", op, COUNT_OPS)
        return Happened(_step(raw), _days(raw, "within_days"), op, _times(raw.get("value", 1)))

    def sequence(self, raw: dict[str, Any]) -> Sequence:
        _only(raw, "sequence", "within_days")
        listed = raw["sequence"]
        if not isinstance(listed, list) or not 2 <= len(listed) <= MAX_STEPS:
            raise _Wrong(f"sequence: expected a list of 2 to {MAX_STEPS} steps")
        steps = []
        for place, one in enumerate(listed):
            if not isinstance(one, dict) or "event" not in one:
                raise _Wrong(f'sequence[{place}]: expected {{"event": ...}}')
            _only(one, "event", "where", "absent")
            absent = one.get("absent", False)
            if not isinstance(absent, bool) or (absent and place < len(listed) - 1):
                raise _Wrong(f"sequence[{place}]: only the last step may be absent")
            steps.append(_step(one, absent=absent))
        return Sequence(tuple(steps), _days(raw, "within_days"))

    def in_segment(self, raw: dict[str, Any]) -> InSegment:
        return InSegment(self.named(raw, "segment", self.names.segments), _inside(raw))

    def on_list(self, raw: dict[str, Any]) -> OnList:
        return OnList(self.named(raw, "list", self.names.lists), _inside(raw))

    def named(self, raw: dict[str, Any], what: str, known: frozenset[str] | None) -> str:
        _only(raw, what, "op")
        _exists(what, raw[what], known)
        return str(raw[what])

    def has_been(self, raw: dict[str, Any]) -> HasBeen:
        _only(raw, "has_been", "for_days", "within_days")
        _exists("segment", raw["has_been"], self.names.segments)
        if ("for_days" in raw) == ("within_days" in raw):
            raise _Wrong("expected one of for_days and within_days")
        which = "for_days" if "for_days" in raw else "within_days"
        days = _days(raw, which)
        if not days:
            raise _Wrong(f"{which} 0: expected a whole number from 1 to {MAX_DAYS}")
        return HasBeen(raw["has_been"], **{which: days})

    def draw(self, raw: dict[str, Any]) -> Draw:
        _only(raw, "random", "from", "below")
        name = raw["random"]
        if not _is_text(name) or len(name) > 60:
            raise _Wrong("random: expected the name of the draw, of 60 letters at most")
        low, below = _number(raw.get("from", 0)), _number(raw.get("below"))
        if not 0 <= low < below <= 100:
            raise _Wrong("random: expected per cents, from lower than below, from 0 to 100")
        return Draw(name, low, below)

    def refuse(self, path: str, why: str) -> Any:
        """Note the error; the part is left out."""
        self.errors.append(f"{path}: {why}")
        return None


class _Wrong(ValueError):
    """What is wrong with one condition."""


def _only(raw: dict[str, Any], *keys: str) -> None:
    if beside := sorted(set(raw) - set(keys)):
        raise _Wrong(f"{beside[0]!r} does not belong here; expected {', '.join(keys)}")


def _exists(what: str, name: Any, known: Any) -> None:
    if name == "":
        raise _Wrong(f"choose a {what}")
    if not _is_text(name) or (known is not None and name not in known):
        raise _Wrong(f"there is no {what} {name!r}")


def _is_text(value: Any) -> bool:
    """No zero byte: PostgreSQL stores none."""
    return isinstance(value, str) and bool(value) and "\x00" not in value


def _one_of(what: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise _Wrong(f"{what} {given!r}: expected one of {', '.join(allowed)}")


def _inside(raw: dict[str, Any]) -> bool:
    op = str(raw.get("op", "in"))
    _one_of("op", op, IN_OPS)
    return op == "in"


def _step(raw: dict[str, Any], *, absent: bool = False) -> Step:
    _exists("event", raw["event"], EVENTS)
    where = raw.get("where", {})
    if not isinstance(where, dict) or set(where) - set(WHERE):
        raise _Wrong(f"where: expected an object with some of {', '.join(WHERE)}")
    narrowed = [(column, _listed("where", where[column])) for column in WHERE if column in where]
    return Step(EVENTS[raw["event"]], tuple(narrowed), absent)


def _days(raw: dict[str, Any], key: str) -> int:
    days = raw.get(key, 0)
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= MAX_DAYS:
        raise _Wrong(f"{key} {days!r}: expected a whole number of days, {MAX_DAYS} at most")
    return days


def _numbers(op: str, value: Any) -> float | tuple[float, float] | None:
    if op in ("known", "unknown"):
        return None
    if op == "between":
        if not isinstance(value, list) or len(value) != 2:
            raise _Wrong(f"value {value!r}: expected two numbers, the lower first")
        low, high = _number(value[0]), _number(value[1])
        if low > high:
            raise _Wrong(f"value {value!r}: expected two numbers, the lower first")
        return low, high
    return _number(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise _Wrong(f"value {value!r}: expected a number")
    return float(value)


def _times(value: Any) -> float:
    times = _number(value)
    if times < 0 or times != int(times):
        raise _Wrong(f"value {value!r}: expected how many times, a whole number from 0 on")
    return times


def _words(op: str, value: Any) -> str | tuple[str, ...] | None:
    if op in ("known", "unknown"):
        return None
    if op in ("in", "not in"):
        return _listed("value", value)
    if not _is_text(value):
        raise _Wrong(f"value {value!r}: expected a word")
    return value.lower()


def _listed(what: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(_is_text(one) for one in value):
        raise _Wrong(f"{what} {value!r}: expected a list of words")
    if len(value) > MAX_WORDS:
        raise _Wrong(f"{what}: {len(value)} words; {MAX_WORDS} at most")
    return tuple(sorted({one.lower() for one in value}))
