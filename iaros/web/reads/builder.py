"""The builder's page: the tree with its choices, what was counted beside each part, and what is wrong where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from iaros.lib.purposes import Purpose
from iaros.web import rule_form
from iaros.web.formats import words
from iaros.web.rule_form import Rule
from privacy import consent
from segmentation.features import catalogue
from segmentation.features.catalogue import FEATURES
from segmentation.ml.catalogue import SPECS
from segmentation.models import Segment
from segmentation.segments import dag, rules
from segmentation.segments.reach import NodeCount
from segmentation.selectors import Example, SeenPreview, segment_versions

KIND_WORDS = {
    "feature": "Feature",
    "attribute": "Attribute",
    "score": "Score",
    "event": "Event, how often",
    "sequence": "Events in order",
    "segment": "Segment",
    "has_been": "Has been in segment",
    "list": "List",
    "random": "Random share",
}
OP_WORDS = {
    ">=": "is at least",
    ">": "is over",
    "<=": "is at most",
    "<": "is under",
    "=": "is exactly",
    "!=": "is not",
    "between": "is from … to",
    "known": "is known",
    "unknown": "is not known",
    "is": "is",
    "is not": "is not",
    "in": "is one of",
    "not in": "is none of",
}
COUNT_WORDS = {">=": "at least", ">": "more than", "<=": "at most", "<": "fewer than", "=": "exactly", "!=": "not"}
IN_WORDS = {"in": "is in", "not in": "is not in"}
SO_FAR_WORDS = {"all": "left up to here", "any": "reached up to here", "none": "left up to here"}
_JOINED = re.compile(r"\.(all|any|none)\[\d+\]$")
BEEN_WORDS = {"within_days": "at some time in", "for_days": "without a break for"}


@dataclass(frozen=True)
class Counted:
    """People for whom one part holds by itself, or what is wrong with it.

    `so_far`: for whom its group would hold if it ended here, and how to say so.
    """

    people: int | None = None
    share: float | None = None
    error: str = ""
    so_far: int | None = None
    so_far_words: str = ""


@dataclass(frozen=True)
class Step:
    """One event of a sequence, as fields."""

    event: str
    where: str


@dataclass(frozen=True)
class Node:
    """A group (with `join` and `parts`) or a condition (with `kind` and its fields), as the form shows it."""

    id: str
    depth: int
    counted: Counted
    focus: bool = False
    join: str = ""
    parts: list[Node] = field(default_factory=list)
    kind: str = ""
    name: str = ""
    op: str = ""
    value: str = ""
    upper: str = ""
    days: str = ""
    where: str = ""
    unit: str = ""
    hint: str = ""
    steps: list[Step] = field(default_factory=list)
    absent: bool = False
    ops: list[tuple[str, str]] = field(default_factory=list)

    @property
    def deepest(self) -> bool:
        return self.depth >= rules.MAX_DEPTH


@dataclass(frozen=True)
class Choices:
    """What the selects and suggestions offer."""

    kinds: list[tuple[str, str]]
    features: list[tuple[str, str]]
    attributes: list[tuple[str, str]]
    scores: list[tuple[str, str]]
    events: list[tuple[str, str]]
    segments: list[tuple[str, str]]
    lists: list[str]


def choices() -> Choices:
    return Choices(
        kinds=list(KIND_WORDS.items()),
        features=[(one.name, one.description) for one in FEATURES],
        attributes=[(name, words(name)) for name in rules.ATTRIBUTES],
        scores=[(spec.name, spec.title) for spec in SPECS.values() if spec.entity == "customer"],
        events=[(name, words(name)) for name in sorted(rules.EVENTS)],
        segments=list(Segment.objects.published().order_by("name", "id").values_list("slug", "name")),
        lists=sorted(dag.names().lists or ()),
    )


def tree(rule: Rule, counts: Mapping[str, Counted], focus: str = "") -> Node:
    """The rule as nodes; `counts` by the path in the rule's JSON, as the rules name it."""
    return _node(rule, rule_form.ROOT, "rule", counts, focus)


def _node(raw: Rule, at: str, path: str, counts: Mapping[str, Counted], focus: str) -> Node:
    counted, depth = counts.get(path, Counted()), rule_form.depth_of(at)
    join = rule_form.join_of(raw)
    if join is None:
        return Node(at, depth, counted, focus=at == focus, **_fields(raw))
    parts = [
        _node(part, f"{at}-{place}", f"{path}.{join}[{place}]", counts, focus) for place, part in enumerate(raw[join])
    ]
    return Node(at, depth, counted, focus=at == focus, join=join, parts=parts)


def _fields(raw: Rule) -> dict[str, Any]:
    kind = rule_form.kind_of(raw) or "feature"
    told: dict[str, Any] = {"kind": kind, "name": raw[kind], "op": str(raw.get("op", "")), "ops": _ops(kind)}
    if kind in ("feature", "score", "attribute", "event"):
        told |= _value(raw)
    if kind == "feature" and raw[kind] in catalogue.POSITION:
        told |= {"unit": catalogue.BY_NAME[raw[kind]].unit, "hint": catalogue.BY_NAME[raw[kind]].description}
    if kind == "event":
        told |= {"where": rule_form.where_text(raw.get("where", {})), "op": raw.get("op", ">=")}
    if kind == "sequence":
        told |= {"name": "", "steps": _steps(raw[kind]), "absent": bool(raw[kind] and raw[kind][-1].get("absent"))}
    if kind == "has_been":
        told["op"] = "for_days" if "for_days" in raw else "within_days"
    if kind == "random":
        told |= {"value": str(raw.get("from", 0)), "upper": str(raw.get("below", ""))}
    days = raw.get("within_days", raw.get("for_days"))
    return told | {"days": "" if days is None else str(days)}


def _ops(kind: str) -> list[tuple[str, str]]:
    if kind == "attribute":
        return [(op, OP_WORDS[op]) for op in rules.WORD_OPS]
    if kind == "event":
        return list(COUNT_WORDS.items())
    if kind in ("segment", "list"):
        return list(IN_WORDS.items())
    if kind == "has_been":
        return list(BEEN_WORDS.items())
    return [(op, OP_WORDS[op]) for op in rules.NUMBER_OPS]


def _value(raw: Rule) -> dict[str, str]:
    value = raw.get("value", "")
    if raw.get("op") == "between" and isinstance(value, list) and len(value) == 2:
        return {"value": str(value[0]), "upper": str(value[1])}
    return {"value": ", ".join(map(str, value)) if isinstance(value, list) else str(value)}


def _steps(raw: list[Rule]) -> list[Step]:
    """Those said, and one more to fill in while there is room."""
    said = [Step(str(one.get("event", "")), rule_form.where_text(one.get("where", {}))) for one in raw]
    return [*said, Step("", "")][: rules.MAX_STEPS]


def counted(found: SeenPreview) -> dict[str, Counted]:
    base = found.population or 1
    return {one.path: _counted(one, base) for one in found.conditions}


def _counted(one: NodeCount, base: int) -> Counted:
    joined = _JOINED.search(one.path)
    said = SO_FAR_WORDS[joined[1]] if joined else ""
    return Counted(one.people, one.people / base, so_far=one.so_far, so_far_words=said)


def wrong(error: rules.InvalidRule) -> tuple[dict[str, Counted], list[str]]:
    """What is wrong, by the place in the rule; and what belongs to no place in particular."""
    by_path: dict[str, Counted] = {}
    others = []
    for line in error.errors:
        path, colon, why = line.partition(": ")
        if colon and path.startswith("rule"):
            by_path[path] = Counted(error=why)
        else:
            others.append(line)
    return by_path, others


@dataclass(frozen=True)
class Seen:
    """A customer whom the rule selects, and the conditions that hold for them."""

    example: Example
    because: list[str]


def examples(found: SeenPreview, purpose: Purpose) -> list[Seen]:
    """Those whom the purpose of the page lets us see as well."""
    return [
        Seen(one, [reason.sentence for reason in one.reasons if reason.holds])
        for one in found.members
        if purpose is Purpose.ANALYTICS or consent.decide(one.customer_id, purpose).allowed
    ]


def newest_rule(segment: Segment) -> tuple[int, Rule]:
    """The number and rule that stand, or a blank one."""
    versions = segment_versions(segment)
    if versions and rule_form.join_of(versions[0].rule):
        return versions[0].number, dict(versions[0].rule)
    return len(versions), rule_form.blank()
