"""A rule in plain English: what it selects, for people who did not build it."""

from __future__ import annotations

from django.conf import settings

from segmentation.features import catalogue
from segmentation.features.grammar import Feature, Measure
from segmentation.segments.rules import Condition, Group, Join, Node, Of

_OPS = {
    ">=": "at least",
    ">": "above",
    "<=": "at most",
    "<": "below",
    "=": "exactly",
    "!=": "other than",
}
_ATTRIBUTES = {"tier": "tier", "country": "country", "home_airport": "home airport", "language": "language"}
_UNITS = {"days": " days", "years": " years", "base currency": f" {settings.BASE_CURRENCY}"}


def sentence(rule: Group) -> str:
    """One sentence, such as "Customers with at least 6 flights flown in the last 365 days and tier gold"."""
    return f"Customers with {_node(rule, outer=True)}."


def _node(node: Node, *, outer: bool = False) -> str:
    if isinstance(node, Condition):
        return condition(node)
    parts = [_node(part) for part in node.parts]
    if node.join is Join.NONE:
        text = f"none of: {'; '.join(parts)}"
        return text if outer else f"({text})"
    if len(parts) == 1:
        return parts[0]
    text = (" and " if node.join is Join.ALL else " or ").join(parts)
    return text if outer else f"({text})"


def condition(one: Condition) -> str:
    """One condition in words, to stand after "with"."""
    if one.of is Of.ATTRIBUTE:
        return _attribute(one)
    if one.of is Of.SCORE:
        return f"score {one.name} {_test(one, '')}"
    feature = catalogue.get(one.name)
    if feature.measure is Measure.COUNT and feature.events and one.op in (">=", ">", "<=", "<", "=", "!="):
        return _count(one, feature)
    if feature.measure is Measure.RECENCY_DAYS and feature.events:
        return _recency(one, feature.events.words)
    described = feature.description.rstrip(".").split(";")[0].split(",")[0]
    return f"{described[0].lower()}{described[1:]} {_test(one, _UNITS.get(feature.unit, ''))}"


def _count(one: Condition, feature: Feature) -> str:
    assert feature.events is not None
    assert isinstance(one.value, float)
    none = one.value == 0 and one.op in ("=", "<=")
    how_many = "no" if none else f"{_OPS[one.op]} {number(one.value)}"
    within = f" in the last {feature.window} days" if feature.window else ""
    return f"{how_many} {feature.events.words}{within}"


def _recency(one: Condition, words: str) -> str:
    if one.op == "unknown":
        return f"no {words} ever"
    if one.op == "known":
        return f"any {words}"
    return f"days since the last of {words} {_test(one, '')}"


def _attribute(one: Condition) -> str:
    name = _ATTRIBUTES[one.name]
    if one.op in ("known", "unknown"):
        return f"{name} {'not ' if one.op == 'unknown' else ''}known"
    words = one.value if isinstance(one.value, tuple) else (one.value,)
    listed = " or ".join(str(word) for word in words)
    return f"{name} {'other than ' if one.op in ('is not', 'not in') else ''}{listed}"


def _test(one: Condition, unit: str) -> str:
    if one.op in ("known", "unknown"):
        return "not known" if one.op == "unknown" else "known"
    if isinstance(one.value, tuple):
        return f"from {number(float(one.value[0]))} to {number(float(one.value[1]))}{unit}"
    assert isinstance(one.value, float)
    return f"{_OPS[one.op]} {number(one.value)}{unit}"


def number(value: float) -> str:
    """Without needless zeros: 4, 0.7, 1,250."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")
