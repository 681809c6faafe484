"""What a connector is: one small module that says what a feed holds and turns its lines into typed columns.

It knows nothing of tables. What comes out is a `Batch`: mentions of people with their personal fields and the keys by
which they may be recognised, facts about them, prices about nobody, and the lines that could not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import IdentifierKind

# The personal fields of a mention and of a golden profile, in the order in which they are sealed. Only ever append.
PERSON_FIELDS = (
    "title",
    "given_name",
    "surname",
    "email",
    "phone",
    "birth_date",
    "gender",
    "language",
    "country",
    "region",
    "city",
    "postal_code",
    "address",
    "home_airport",
    "tier",
    "tier_status",
    "enrolled_on",
    "loyalty_number",
)


class Family(StrEnum):
    PSS = "PSS"
    CRM = "CRM"
    WEB = "WEB"
    MOBILE = "MOBILE"
    EXTERNAL = "EXTERNAL"


@dataclass(frozen=True)
class Field:
    """One field of a feed, as its owner names it."""

    name: str
    type: str
    example: str
    sensitivity: Sensitivity = Sensitivity.NORMAL
    required: bool = False


@dataclass(frozen=True)
class Lines:
    """Raw lines of a file without their line ends; `rows` are their row numbers, the file's first line being row 1."""

    raw: list[bytes]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Reject:
    """A line that cannot go in: which one (index into `Lines`), the field, why, and what was expected."""

    line: int
    field: str
    reason: str
    expected: str


@dataclass
class Keys:
    """Identifiers of one kind, one value a mention or None; `claims` where the value identifies one person."""

    kind: IdentifierKind
    values: list[str | None]
    claims: NDArray[np.bool_]
    purpose: Purpose = Purpose.SERVICING


@dataclass
class Batch:
    """Typed columns of some thousand lines.

    `line`: for each mention the line it stands on. `person`: raw personal fields by PERSON_FIELDS name. `facts`: by
    kind of fact, columns of equal length, of which `mention` points to the mention.
    """

    lines: Lines
    line: NDArray[np.int64]
    native_key: list[str]
    person: dict[str, list[str | None]] = field(default_factory=dict)
    keys: list[Keys] = field(default_factory=list)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    party: bool = False  # the mentions of one line are different people: passengers of one booking
    turned_away: frozenset[int] = frozenset()  # mentions of people who were erased, on lines that others share
    redacted: dict[int, bytes] = field(default_factory=dict)  # those lines as they may be kept

    def kept_lines(self) -> Lines:
        """The lines as they may be written down."""
        if not self.redacted:
            return self.lines
        return Lines([self.redacted.get(at, raw) for at, raw in enumerate(self.lines.raw)], self.lines.rows)


class WrongFile(Exception):
    """The file is not of this source: says what was expected, and nothing of it goes in."""


@dataclass(frozen=True)
class Connector:
    """A feed. `read` gets the header line (CSV) or None, and lines; `trust` is the weight of its personal values.

    `scan` reads only the first native key of each line: (indices of the lines it could read, their keys).
    """

    name: str
    title: str
    family: Family
    format: str
    version: str
    purpose: Purpose
    fields: Sequence[Field]
    read: Callable[[bytes | None, Lines], Batch]
    scan: Callable[[bytes | None, Lines], tuple[NDArray[np.int64], list[str]]]
    trust: float = 0.5
    has_header: bool = False
    quoted: bool = False
    about_people: bool = True
    freshness_hours: int = 26
