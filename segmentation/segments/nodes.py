"""The tree of a rule, as types: groups hold groups and conditions, and a condition is one of seven kinds.

Nodes are values: equal conditions of different rules are one condition, and are tested once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from profiles.models import EventKind


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
class Step:
    """Events of a kind; each (column, words) of `where` narrows them, words in lower case. `absent`: none of them."""

    kind: EventKind
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    absent: bool = False


@dataclass(frozen=True)
class Happened:
    """How many such events lie within the last days, [T - within_days, T); 0 days: ever."""

    step: Step
    within_days: int
    op: str
    value: float


@dataclass(frozen=True)
class Sequence:
    """The steps happened one strictly after the other, all within the last days; 0 days: ever.

    A last step that is `absent` did not happen after the one before it.
    """

    steps: tuple[Step, ...]
    within_days: int

    @property
    def present(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if not step.absent)

    @property
    def absent(self) -> Step | None:
        return self.steps[-1] if self.steps[-1].absent else None


@dataclass(frozen=True)
class InSegment:
    """Is, or is not, in another published segment."""

    slug: str
    inside: bool


@dataclass(frozen=True)
class HasBeen:
    """In the segment now and for at least `for_days`; or in it at some moment of the last `within_days`."""

    slug: str
    for_days: int | None = None
    within_days: int | None = None


@dataclass(frozen=True)
class Draw:
    """The share of customers whom the draw of that name puts from `low` to under `below` per cent; always the same."""

    name: str
    low: float
    below: float


@dataclass(frozen=True)
class OnList:
    """Stands, or does not stand, on a list that somebody brought."""

    slug: str
    inside: bool


Leaf = Condition | Happened | Sequence | InSegment | HasBeen | Draw | OnList


@dataclass(frozen=True)
class Group:
    join: Join
    parts: tuple[Node, ...]


Node = Leaf | Group


def leaves(node: Node) -> Iterator[Leaf]:
    """Every condition of the tree, from left to right."""
    if isinstance(node, Group):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node


def conditions(node: Node) -> list[Leaf]:
    return list(leaves(node))


def steps_of(node: Node) -> list[Step]:
    """Every kind of event that the tree asks for."""
    found: list[Step] = []
    for leaf in leaves(node):
        if isinstance(leaf, Happened):
            found.append(leaf.step)
        elif isinstance(leaf, Sequence):
            found.extend(leaf.steps)
    return found


def segments_of(node: Node) -> set[str]:
    """The segments that the tree names."""
    return {leaf.slug for leaf in leaves(node) if isinstance(leaf, InSegment | HasBeen)}


def names_of(node: Node, of: Of) -> set[str]:
    return {leaf.name for leaf in leaves(node) if isinstance(leaf, Condition) and leaf.of is of}


def depends_on(node: Node) -> list[str]:
    """What the rule reads, as "feature flown:count_365d" or "event web_searched"."""
    return sorted({name for leaf in leaves(node) for name in _read_by(leaf)})


def _read_by(leaf: Leaf) -> list[str]:
    match leaf:
        case Condition():
            return [f"{leaf.of} {leaf.name}"]
        case Happened():
            return [f"event {leaf.step.kind.name.lower()}"]
        case Sequence():
            return [f"event {step.kind.name.lower()}" for step in leaf.steps]
        case InSegment() | HasBeen():
            return [f"segment {leaf.slug}"]
        case OnList():
            return [f"list {leaf.slug}"]
        case Draw():
            return [f"random {leaf.name}"]
