"""Code tables: what a booking class, a request or a status means, as this airline and its partners use it.

Defaults are the CSV files in `code_tables/`; the airline's own entries go before them. A connector asks the snapshot in
force, which the pipeline sets at the begin of a run (`using`); outside of one the defaults answer. Nothing here reads a
database, and no connector holds a code of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "code_tables"
COLUMNS = ("code", "carrier", "starts_on", "ends_on", "meaning", "title")
HEALTH_AND_BELIEF = frozenset({"health", "belief", "meal"})


@dataclass(frozen=True)
class CodeTable:
    """What a table is for. `meanings` are the words its entries may use; empty where any short word will do."""

    name: str
    title: str
    meanings: tuple[str, ...] = ()


TABLES: dict[str, CodeTable] = {
    table.name: table
    for table in (
        CodeTable("rbd_cabin", "Booking class to cabin", ("F", "C", "W", "Y")),
        CodeTable("fare_brand", "Fare brands", ("basic", "standard", "flexible", "premium")),
        CodeTable(
            "ssr",
            "Special service requests",
            (
                *("health", "belief", "meal", "child", "animal", "bag", "seat", "contact"),
                *("document", "loyalty", "ticket", "party", "note"),
            ),
        ),
        CodeTable("ptc", "Passenger types", ("ADT", "CHD", "INF")),
        CodeTable("rfic", "Reasons for issuance of an EMD"),
        CodeTable("rfisc", "Services sold by EMD"),
        CodeTable("coupon_status", "Coupon status, one letter"),
        CodeTable("coupon_status_padis", "Coupon status, PADIS 4405"),
        CodeTable("tier", "Loyalty tiers", ("base", "silver", "gold", "platinum")),
        CodeTable("tier_points", "Points within twelve months that reach a tier"),
        CodeTable("delay_ahm", "Delay codes, AHM 730"),
        CodeTable("form_of_payment", "Forms of payment"),
        CodeTable("airline_name", "Airlines by the names that sellers show"),
        CodeTable("metro_area", "Airport to metropolitan area"),
        CodeTable("currency_minor_units", "Decimals of a currency", ("0", "1", "2", "3", "4")),
    )
}


@dataclass(frozen=True, slots=True)
class Code:
    """One entry. `carrier` is blank where it holds for any; from and to are days, both included, or open."""

    code: str
    meaning: str
    title: str = ""
    carrier: str = ""
    starts_on: date | None = None
    ends_on: date | None = None

    def holds_on(self, day: date | None) -> bool:
        if day is None:
            return True
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)


class UnknownTable(Exception):
    """There is no code table of this name."""


class Snapshot:
    """The tables as they stood at one moment: the airline's own entries first, of equals the carrier's, then the
    latest."""

    def __init__(self, own: Mapping[str, Iterable[Code]]) -> None:
        self.decimals: dict[str, int] = {}
        self._entries: dict[str, dict[str, list[Code]]] = {name: {} for name in TABLES}
        for name, known in self._entries.items():
            for source in (own.get(name, ()), defaults(name)):
                for code in sorted(source, key=_first_to_ask):
                    known.setdefault(code.code, []).append(code)
        for currency, entries in self._entries["currency_minor_units"].items():
            self.decimals[currency] = int(entries[0].meaning)

    def by_code(self, table: str) -> Mapping[str, list[Code]]:
        """code -> its entries, the one to ask first before the others."""
        if table not in self._entries:
            raise UnknownTable(table)
        return self._entries[table]

    def find(self, table: str, code: str | None, carrier: str | None = None, on: date | None = None) -> Code | None:
        """The entry that holds for a carrier's code on a day; None where the table has none. Without regard to case."""
        if table not in self._entries:
            raise UnknownTable(table)
        for entry in self._entries[table].get((code or "").strip().upper(), ()):
            if entry.carrier in ("", carrier) and entry.holds_on(on):
                return entry
        return None


def _first_to_ask(code: Code) -> tuple[bool, int]:
    return not code.carrier, -(code.starts_on or date.min).toordinal()


@lru_cache(maxsize=len(TABLES))
def defaults(table: str) -> tuple[Code, ...]:
    """The entries that come with the platform."""
    if table not in TABLES:
        raise UnknownTable(table)
    with (_FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_entry(row) for row in csv.DictReader(file))


def _entry(row: Mapping[str, str]) -> Code:
    starts_on, ends_on = (date.fromisoformat(row[end]) if row[end] else None for end in ("starts_on", "ends_on"))
    return Code(row["code"], row["meaning"], row["title"], row["carrier"], starts_on, ends_on)


@lru_cache(maxsize=1)
def _defaults() -> Snapshot:
    return Snapshot({})


_IN_FORCE: ContextVar[Snapshot | None] = ContextVar("codes in force", default=None)


@contextmanager
def using(snapshot: Snapshot) -> Iterator[None]:
    """Let these tables answer within the block."""
    before = _IN_FORCE.set(snapshot)
    try:
        yield
    finally:
        _IN_FORCE.reset(before)


def in_force() -> Snapshot:
    return _IN_FORCE.get() or _defaults()


def lookup(table: str, code: str | None, *, carrier: str | None = None, on: date | None = None) -> str | None:
    """What the code means, or None: then reject with `Reject(..., table=table)` where the meaning is needed."""
    found = in_force().find(table, code, carrier, on)
    return found.meaning if found else None


def entries(table: str) -> list[Code]:
    """The entry in force for each code of the table."""
    return [known[0] for known in in_force().by_code(table).values()]


def title(table: str, code: str | None, *, carrier: str | None = None, on: date | None = None) -> str:
    """The code in words, or the code itself."""
    found = in_force().find(table, code, carrier, on)
    return (found.title if found else "") or (code or "")


def is_known(table: str, code: str | None, *, carrier: str | None = None, on: date | None = None) -> bool:
    return in_force().find(table, code, carrier, on) is not None


def cabin(carrier: str | None, booking_class: str | None, on: date | None = None) -> str | None:
    """F, C, W or Y for a carrier's booking class on the day of the flight; None where no table says."""
    return lookup("rbd_cabin", booking_class, carrier=carrier, on=on)


def decimals(currency: str | None) -> int:
    """How many decimals amounts of the currency have; two where the table does not know it."""
    return in_force().decimals.get((currency or "").upper(), 2)


def is_special(request: str | None) -> bool:
    """Whether a special service request tells of health or belief (Article 9 GDPR), and so is sealed.

    A request of a code that no table knows is sealed too: what it tells is not known.
    """
    if not request:
        return False
    meaning = lookup("ssr", request)
    return meaning is None or meaning in HEALTH_AND_BELIEF
