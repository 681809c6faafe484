"""Recency, frequency and money as grids of five by five: sizes, value and movement, and the rule behind each cell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from iaros.web.reads.segments import SegmentLine, segment_lines
from segmentation.features import rfm
from segmentation.features.standing import Measured
from segmentation.models import SegmentKind

RECENCY, FREQUENCY, MONETARY = "recency", "frequency", "monetary"
# The two sides of the grid, rows first; the third is summed over, or looked at fifth by fifth.
GRIDS = {
    "frequency": (FREQUENCY, RECENCY, MONETARY),
    "monetary": (MONETARY, RECENCY, FREQUENCY),
    "both": (MONETARY, FREQUENCY, RECENCY),
}
ENDS = {RECENCY: ("oldest", "newest"), FREQUENCY: ("least", "most"), MONETARY: ("lowest", "highest")}
WORDS = {RECENCY: "recency", FREQUENCY: "frequency", MONETARY: "money"}
LETTERS = {RECENCY: "R", FREQUENCY: "F", MONETARY: "M"}
FIFTHS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Held:
    """What is known of one of the 125 cells; `spent` is an estimate from a sample, a person, in whole units."""

    cell: int
    line: SegmentLine | None
    spent: float | None

    @property
    def people(self) -> int:
        return self.line.segment.size if self.line else 0

    @property
    def change(self) -> int:
        return self.line.change if self.line else 0


@dataclass(frozen=True)
class GridCell:
    """One field of a grid: its people, how they are called, and the rule that selects them."""

    row: int
    column: int
    name: str
    people: int
    change: int
    value: float | None
    tone: str
    rule: str
    slug: str


@dataclass(frozen=True)
class Grid:
    """Five rows, the highest fifth on top; `missing` cells have no live segment, so that their people are not known."""

    rows: list[tuple[str, list[GridCell]]]
    columns: list[str]
    people: int
    missing: int


@dataclass(frozen=True)
class NamedGroup:
    """A group of the trade over all cells that it holds."""

    name: str
    people: int
    change: int
    share: float
    spent: float | None
    rule: str
    cells: list[int] = field(default_factory=list)


def cells(measured: Measured | None) -> dict[int, Held]:
    """All 125, from the segments of the platform."""
    lines = {line.segment.slug: line for line in segment_lines() if line.segment.kind == SegmentKind.RFM}
    known = measured.cells if measured else {}
    found = {}
    for r, f, m in product(FIFTHS, repeat=3):
        cell = 100 * r + 10 * f + m
        found[cell] = Held(cell, lines.get(f"rfm-{cell}"), known[cell].spent if cell in known else None)
    return found


def grid(held: dict[int, Held], by: str, fifth: int | None, show: str) -> Grid:
    """The grid `by` (of GRIDS), summed over the third measure or at one `fifth` of it."""
    row_of, column_of, third = GRIDS[by]
    fields = {
        (row, column): [
            held[_cell({row_of: row, column_of: column, third: at})] for at in ((fifth,) if fifth else FIFTHS)
        ]
        for row, column in product(FIFTHS, repeat=2)
    }
    weights = {place: _weight(ones, show) for place, ones in fields.items()}
    top = max(weights.values()) or 1.0
    rows = []
    for row in reversed(FIFTHS):
        line = [
            _field(
                row, column, fields[row, column], weights[row, column] / top, {row_of: row, column_of: column}, fifth
            )
            for column in FIFTHS
        ]
        rows.append((_edge(row_of, row), line))
    every = [one for ones in fields.values() for one in ones]
    return Grid(
        rows=rows,
        columns=[_edge(column_of, column) for column in FIFTHS],
        people=sum(one.people for one in every),
        missing=sum(one.line is None for one in every),
    )


def _cell(fifths: dict[str, int]) -> int:
    return 100 * fifths[RECENCY] + 10 * fifths[FREQUENCY] + fifths[MONETARY]


def _edge(measure: str, fifth: int) -> str:
    end = {1: f", {ENDS[measure][0]}", 5: f", {ENDS[measure][1]}"}.get(fifth, "")
    return f"{LETTERS[measure]}{fifth}{end}"


def _weight(ones: list[Held], show: str) -> float:
    if show == "value":
        return sum(one.people * (one.spent or 0.0) for one in ones)
    return float(sum(one.people for one in ones))


def _field(
    row: int, column: int, ones: list[Held], weight: float, fifths: dict[str, int], fifth: int | None
) -> GridCell:
    """Named by the group that most of its people are in; of an empty field, by the cell in its middle."""
    people = sum(one.people for one in ones)
    names: Counter[str] = Counter()
    for one in ones:
        names[rfm.name_of(one.cell)] += one.people
    name = names.most_common(1)[0][0] if people else rfm.name_of(ones[len(ones) // 2].cell)
    if fifth:
        conditions = [_where("rfm:cell", ones[0].cell)]
    else:
        conditions = [_where(f"rfm:{measure}", at) for measure, at in sorted(fifths.items(), reverse=True)]
    return GridCell(
        row=row,
        column=column,
        name=name,
        people=people,
        change=sum(one.change for one in ones),
        value=_value(ones),
        tone=f"q{min(round(weight * 6), 6)}",
        rule=json.dumps({"all": conditions}, separators=(",", ":")),
        slug=f"rfm-{ones[0].cell}" if fifth and ones[0].line else "",
    )


def _where(feature: str, value: float) -> dict[str, Any]:
    return {"feature": feature, "op": "=", "value": value}


def _value(ones: Iterable[Held]) -> float | None:
    """What these people spent in two years together, as far as the sample reaches."""
    told = [one.people * one.spent for one in ones if one.people and one.spent is not None]
    return sum(told) if told else None


def named_groups(held: dict[int, Held]) -> list[NamedGroup]:
    """The groups of the trade, the largest first."""
    everybody = sum(one.people for one in held.values()) or 1
    by_name: dict[str, list[Held]] = {}
    for cell, one in held.items():
        by_name.setdefault(rfm.name_of(cell), []).append(one)
    found = [_named(name, ones, everybody) for name, ones in by_name.items()]
    return sorted(found, key=lambda group: (-group.people, group.name))


def _named(name: str, ones: list[Held], everybody: int) -> NamedGroup:
    people, spent = sum(one.people for one in ones), _value(ones)
    return NamedGroup(
        name=name,
        people=people,
        change=sum(one.change for one in ones),
        share=people / everybody,
        spent=spent / people if spent is not None and people else None,
        rule=json.dumps({"any": _runs(sorted(one.cell for one in ones))}, separators=(",", ":")),
        cells=sorted(one.cell for one in ones),
    )


def _runs(cells: list[int]) -> list[dict[str, Any]]:
    """Cells as conditions; those that follow each other share one."""
    runs: list[list[int]] = []
    for cell in cells:
        if runs and cell == runs[-1][-1] + 1:
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return [
        _where("rfm:cell", run[0])
        if len(run) == 1
        else {"feature": "rfm:cell", "op": "between", "value": [run[0], run[-1]]}
        for run in runs
    ]
