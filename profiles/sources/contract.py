"""What a connector is: one small module that says what a feed holds and turns its lines into typed columns.

It knows nothing of tables. What comes out is a `Batch`: mentions of people with their personal fields and the keys by
which they may be recognised, facts about them, prices about nobody, and the lines that could not be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
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
    # What an agent passed on for disruptions only (IATA Resolution 830d): never an identity, never for marketing.
    "irops_email",
    "irops_phone",
    "suffix",
)


DISRUPTION_CONTACTS = ("irops_email", "irops_phone")


class Framing(StrEnum):
    """What one record of a file is, before anything of it is understood."""

    LINES = "lines"  # a record a line
    TABLE = "table"  # CSV with a header, or objects with the same fields as JSON
    JSON = "json"  # an object
    XML = "xml"  # an element of a given name, with the root's namespaces
    EDIFACT = "edifact"  # a group of segments, with the separators and the head of its message
    TELETYPE = "teletype"  # a Type B message, or an element of one with its head
    SSIM = "ssim"  # a flight leg of fixed width, with the head of its carrier and the data that follow it
    DOCUMENT = "document"  # the whole file
    UNREAD = "unread"  # the whole file, whatever is in it


class Family(StrEnum):
    PSS = "PSS"
    CRM = "CRM"
    WEB = "WEB"
    MOBILE = "MOBILE"
    EXTERNAL = "EXTERNAL"


@dataclass(frozen=True)
class Field:
    """One field of a feed, as its owner names it.

    `purpose` is set where the field may be used for less than the feed: an agent's contact for disruptions only, a
    passport for what the law asks. `aliases` are the names other exports of the same owner use.
    """

    name: str
    type: str
    example: str
    sensitivity: Sensitivity = Sensitivity.NORMAL
    required: bool = False
    purpose: Purpose | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lines:
    """Raw records of a file, lines without their ends or whatever the framing cuts out.

    `rows` are the lines of the file on which they begin, the first being row 1.
    """

    raw: list[bytes]
    rows: NDArray[np.int64]


# Lines that are whole and only too late: set aside, and nothing to mend.
SUPERSEDED = "superseded by a later row of the same file"
OLDER = "older than the version that stands"
OVERTAKEN = (SUPERSEDED, OLDER)


@dataclass(frozen=True)
class Reject:
    """A line that cannot go in: which one (index into `Lines`), the field, why, and what was expected.

    `table` names the code table whose lack of an entry is the reason: when it changes, the line is tried again.
    """

    line: int
    field: str
    reason: str
    expected: str
    table: str = ""


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


class RefusedFile(WrongFile):
    """The file is recognised and must not come in: says why (data held by legal obligation only, say)."""


@dataclass(frozen=True)
class Sample:
    """What can be seen of a file before it is taken in: its name and its first bytes, unpacked, without a BOM."""

    name: str
    head: bytes

    @cached_property
    def columns(self) -> frozenset[str]:
        """The names in its first line, casefolded, whatever separates them; empty where that is no header."""
        first = self.head.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
        separator = max(",;\t|", key=first.count)
        if first[:1] in "{[<" or separator not in first:
            return frozenset({first.strip('" ').casefold()} if first and first[:1] not in "{[<" else ())
        return frozenset(name.strip().strip('"').casefold() for name in first.split(separator))

    @cached_property
    def plain_columns(self) -> frozenset[str]:
        """The same names without blanks and marks: `First Name` and `first_name` are firstname."""
        return frozenset(map(plain, self.columns))

    @cached_property
    def members(self) -> frozenset[str]:
        """The names of members that occur in its first kilobytes, where it is JSON."""
        if self.head.lstrip()[:1] not in (b"{", b"["):
            return frozenset()
        return frozenset(name.decode("utf-8", "replace") for name in _MEMBERS.findall(self.head))

    def has(self, *names: str) -> bool:
        """Whether all of these are among its columns or members, without regard to case for columns."""
        return all(name.casefold() in self.columns or name in self.members for name in names)


def plain(name: str) -> str:
    """A column's name as names are compared: letters and digits in lower case."""
    return _MARKS.sub("", name.casefold())


_MARKS = re.compile(r"[\W_]+")
_MEMBERS = re.compile(rb'"([A-Za-z0-9_.$@ -]{1,80})"\s*:')

IsGone = Callable[[str], bool]
IsTheirs = Callable[[IdentifierKind, str], bool]


@dataclass(frozen=True)
class Connector:
    """A feed. `read` gets the header line (CSV) or None, and raw records; `trust` is the weight of its personal values.

    `scan` reads only the first native key of each record: (indices of those it could read, their keys).

    `framing` says what a record is; `within` names the JSON members or XML elements that hold the records;
    `passes_over` says which lines are none (heads, padding). `recognises` says how sure one can be (0 to 1) that a file
    is of this feed. `introduces` is false where a mention of somebody unknown makes no customer but waits until
    another feed knows them (a bag tag, an opened e-mail). `tells_facts` is false where a feed says who people are and
    never what happened: then nothing is looked for that an older mention may have told. `specification` names the
    public document that the parser follows, or says that the format is ours. `without(raw, is_gone, is_theirs)` is the
    raw record as it may be kept once the mentions whose native keys are gone were erased, without contacts that are
    theirs; where a feed has none the whole record goes. `mapped` gives the same feed read by the airline's own column
    names (theirs -> ours).
    `about` is what the page of the sources says of it; the first words of the module of `read` where it is empty.
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
    framing: Framing = Framing.LINES
    within: tuple[str, ...] = ()
    passes_over: Callable[[bytes], bool] | None = None
    recognises: Callable[[Sample], float] | None = None
    introduces: bool = True
    tells_facts: bool = True
    specification: str = ""
    without: Callable[[bytes, IsGone, IsTheirs], bytes] | None = None
    mapped: Callable[[Mapping[str, str]], Connector] | None = None
    hands_on: Callable[[bytes], str] | None = None
    about: str = ""
