"""A rule as fields of a form and back: what the builder sends without a line of script.

Each node has an id by its place: "n" is the whole rule, "n-0-2" the third part of its first group. What is not yet
filled in is kept as it stands, so that the rules themselves say what is missing; nothing is guessed here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from segmentation.segments.rules import MAX_DEPTH, MAX_STEPS, WHERE

Rule = dict[str, Any]
Fields = Mapping[str, str]

JOINS = ("all", "any", "none")
ROOT = "n"
BLANKS: dict[str, Rule] = {
    "feature": {"feature": "", "op": ">=", "value": ""},
    "attribute": {"attribute": "tier", "op": "in", "value": []},
    "score": {"score": "", "op": ">", "value": ""},
    "event": {"event": "booking_made", "within_days": 90, "op": ">=", "value": 1},
    "sequence": {"sequence": [{"event": "web_searched"}, {"event": "booking_made", "absent": True}], "within_days": 30},
    "segment": {"segment": "", "op": "in"},
    "has_been": {"has_been": "", "within_days": 90},
    "list": {"list": "", "op": "in"},
    "random": {"random": "draw", "from": 0, "below": 10},
}
KINDS = tuple(BLANKS)


class NotARule(ValueError):
    """The text is no rule that the builder can show; the message says why."""


def blank() -> Rule:
    """What a new builder begins with: one group with one condition to fill in."""
    return {"all": [copy.deepcopy(BLANKS["feature"])]}


def from_text(text: str) -> Rule:
    """The rule in an address or a hidden field. Raises NotARule."""
    try:
        rule = json.loads(text)
    except ValueError:
        raise NotARule("the rule in the address is no JSON") from None
    if not _showable(rule, 1) or join_of(rule) is None:
        raise NotARule("the rule in the address is not one that the builder can show")
    return dict(rule)


def _showable(node: Any, depth: int) -> bool:
    if not isinstance(node, dict):
        return False
    join = join_of(node)
    if join is None:
        return kind_of(node) is not None and _fields_fit(node)
    parts = node[join]
    return depth <= MAX_DEPTH and isinstance(parts, list) and all(_showable(part, depth + 1) for part in parts)


def _fields_fit(node: Rule) -> bool:
    steps = node.get("sequence", [])
    narrowed = [node, *steps] if isinstance(steps, list) else [None]
    return all(isinstance(one, dict) and _words_only(one.get("where", {})) for one in narrowed)


def _words_only(where: Any) -> bool:
    return isinstance(where, dict) and all(isinstance(words, list) for words in where.values())


def to_text(rule: Rule) -> str:
    return json.dumps(rule, separators=(",", ":"), ensure_ascii=False)


def join_of(node: Rule) -> str | None:
    return next((join for join in JOINS if join in node), None)


def kind_of(node: Rule) -> str | None:
    return next((kind for kind in KINDS if kind in node), None)


def from_fields(fields: Fields, at: str = ROOT) -> Rule:
    """The tree that the fields tell of."""
    join = fields.get(f"{at}.join", "")
    if join not in JOINS:
        return _condition(fields, at)
    parts = _whole(fields.get(f"{at}.parts", "0"))
    count = parts if isinstance(parts, int) else 0
    return {join: [from_fields(fields, f"{at}-{place}") for place in range(min(count, 200))]}


def _condition(fields: Fields, at: str) -> Rule:
    kind = fields.get(f"{at}.kind", "feature")
    if kind not in BLANKS:
        kind = "feature"
    if fields.get(f"{at}.was", kind) != kind:
        return copy.deepcopy(BLANKS[kind])

    def said(name: str) -> str:
        return fields.get(f"{at}.{name}", "").strip()

    return _READERS[kind](kind, said)


Said = Callable[[str], str]


def _compared(kind: str, said: Said) -> Rule:
    op, rule = said("op"), {kind: said("name"), "op": said("op")}
    if op == "between":
        return {**rule, "value": [_number(said("value")), _number(said("upper"))]}
    return rule if op in ("known", "unknown") else {**rule, "value": _number(said("value"))}


def _worded(kind: str, said: Said) -> Rule:
    op, rule = said("op"), {kind: said("name"), "op": said("op")}
    if op in ("in", "not in"):
        return {**rule, "value": _words(said("value"))}
    return rule if op in ("known", "unknown") else {**rule, "value": said("value")}


def _happened(kind: str, said: Said) -> Rule:
    rule = {kind: said("name"), **_where(said("where")), "op": said("op"), "value": _number(said("value"))}
    return {**rule, "within_days": _whole(said("days"))}


def _followed(kind: str, said: Said) -> Rule:
    steps: list[Rule] = []
    for place in range(MAX_STEPS):
        if said(f"step{place}"):
            steps.append({"event": said(f"step{place}"), **_where(said(f"where{place}"))})
    if steps and said("absent"):
        steps[-1]["absent"] = True
    return {kind: steps, "within_days": _whole(said("days"))}


def _named(kind: str, said: Said) -> Rule:
    return {kind: said("name"), "op": said("op")}


def _was_in(kind: str, said: Said) -> Rule:
    how = "for_days" if said("op") == "for_days" else "within_days"
    return {kind: said("name"), how: _whole(said("days"))}


def _drawn(kind: str, said: Said) -> Rule:
    return {kind: said("name"), "from": _number(said("value")), "below": _number(said("upper"))}


_READERS: dict[str, Callable[[str, Said], Rule]] = {
    "feature": _compared,
    "score": _compared,
    "attribute": _worded,
    "event": _happened,
    "sequence": _followed,
    "segment": _named,
    "list": _named,
    "has_been": _was_in,
    "random": _drawn,
}


def _number(text: str) -> float | int | str:
    """1,500 and 0.35 as numbers; what is none stays as it was written."""
    try:
        value = float(text.replace(",", "").replace("−", "-"))
    except ValueError:
        return text
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _whole(text: str) -> int | str:
    value = _number(text or "0")
    return value if isinstance(value, int) else text


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _where(text: str) -> Rule:
    """`to: LPA, TFS; channel: web` as the rule's `where`; nothing said, no `where`."""
    told: dict[str, list[str]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        column, colon, words = part.partition(":")
        told[column.strip().lower() if colon else "item"] = _words(words if colon else column)
    return {"where": told} if told else {}


def where_text(where: Mapping[str, list[Any]]) -> str:
    """The same the other way round, in one order."""
    columns = [*(column for column in WHERE if column in where), *(one for one in where if one not in WHERE)]
    return "; ".join(f"{column}: {', '.join(map(str, where[column]))}" for column in columns)


def changed(rule: Rule, act: str) -> tuple[Rule, str]:
    """The rule after a button was pressed ("add n-0", "group n", "drop n-0-2", "up n-1"), and the id where to go on."""
    what, _, at = act.partition(" ")
    after = copy.deepcopy(rule)
    if what == "drop":
        return after, _drop(after, at)
    if what in ("up", "down"):
        return after, _move(after, at, -1 if what == "up" else 1)
    group = _found(after, at)
    join = join_of(group) if group else None
    if group is None or join is None:
        return after, ROOT
    parts = group[join]
    if what == "add":
        parts.append(copy.deepcopy(BLANKS["feature"]))
    elif what == "group" and depth_of(at) < MAX_DEPTH:
        parts.append({"any": [copy.deepcopy(BLANKS["feature"])]})
        return after, f"{at}-{len(parts) - 1}-0"
    return after, f"{at}-{len(parts) - 1}"


def _drop(rule: Rule, at: str) -> str:
    above, _, place = at.rpartition("-")
    group = _found(rule, above)
    join = join_of(group) if group else None
    if group is None or join is None or not place.isdigit() or int(place) >= len(group[join]):
        return ROOT
    del group[join][int(place)]
    if not group[join]:
        if above == ROOT:
            group[join].append(copy.deepcopy(BLANKS["feature"]))
        else:
            return _drop(rule, above)
    return above


def _move(rule: Rule, at: str, by: int) -> str:
    """Change places with the neighbour in the same group; at its edge nothing moves."""
    above, _, place = at.rpartition("-")
    group = _found(rule, above)
    join = join_of(group) if group else None
    if group is None or join is None or not place.isdigit():
        return ROOT
    parts, here, there = group[join], int(place), int(place) + by
    if not 0 <= there < len(parts) or here >= len(parts):
        return at
    parts[here], parts[there] = parts[there], parts[here]
    return f"{above}-{there}"


def _found(rule: Rule, at: str) -> Rule | None:
    node: Rule | None = rule
    for place in at.split("-")[1:]:
        join = join_of(node) if node else None
        if node is None or join is None or not place.isdigit() or int(place) >= len(node[join]):
            return None
        node = node[join][int(place)]
    return node if at.startswith(ROOT) else None


def depth_of(at: str) -> int:
    """1 for the whole rule."""
    return at.count("-") + 1
