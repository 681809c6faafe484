"""The columns of a template: what each tells, and how each type is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from profiles.sources import codes
from profiles.sources.columns import Columns
from profiles.sources.contract import Field
from profiles.sources.places import COUNTRIES

CABINS = {c.casefold(): c for c in "FCWY"}
YES_NO = {"y": "Y", "yes": "Y", "true": "Y", "1": "Y", "n": "N", "no": "N", "false": "N", "0": "N"}
FLAGS = {text: value == "Y" for text, value in YES_NO.items()}
# By which names other systems of the trade go.
LOYALTY_NUMBER = (
    *("loyalty_number", "FFN", "Frequent Flyer Number", "Membership Number", "Member Number", "Member Id", "member_id"),
)
LOCATOR = ("locator", "PNR", "Record Locator", "record_locator", "Booking Reference", "booking_reference")
LONGEST_ITEM, LONGEST_CHANNEL = 24, 8


@dataclass(frozen=True)
class Told(Field):
    """A column and what it tells, by `to`, some of

    - `key`: part of what identifies the row and stays when the row changes;
    - `person.surname`: a personal field, by the names in PERSON_FIELDS;
    - `identifier.loyalty_number` (email, phone, device, login, account): by which the person is known;
    - `traveller.locator`: with `person.surname` the name of a passenger in a booking;
    - `event.at`, `event.kind`, `event.item`, `event.value`, `event.currency`, `event.quantity`, `event.channel`,
      `event.cabin`, `event.origin`, `event.destination`: what happened;
    - `property.minutes`: what else a feature or a journey needs of it, never anything personal;
    - `fact.name`: a column of the reference table.

    `longest` bounds text, `low` and `high` bound numbers; `choices` are the values of a choice (theirs -> ours), `code`
    names the code table by which the value is looked up.
    """

    to: tuple[str, ...] = ()
    longest: int = 60
    low: float = 0
    high: float = 1e9
    choices: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""


def _text(columns: Columns, one: Told) -> list[str | None]:
    return columns.text(one.name, required=one.required, longest=one.longest)


def _short(longest: int) -> Callable[[Columns, Told], list[str | None]]:
    """Text for a column that holds no more: what is longer is cut, since it names a thing and no person."""

    def read(columns: Columns, one: Told) -> list[str | None]:
        return [value[:longest] if value else None for value in _text(columns, one)]

    return read


def _code(columns: Columns, one: Told) -> list[str | None]:
    """What the code table says; a code that it lacks rejects the line and names the table."""
    found: list[str | None] = []
    for at, value in enumerate(_text(columns, one)):
        meaning = codes.lookup(one.code, value) if value else None
        if value and meaning is None:
            columns.reject(at, one.name, repr(value[:40]), f"a code of the table {one.code}", one.code)
        found.append(meaning)
    return found


def _letters(shortest: int, longest: int, what: str) -> Callable[[Columns, Told], list[str | None]]:
    def read(columns: Columns, one: Told) -> list[str | None]:
        values = columns.text(one.name, required=one.required)
        for at, value in enumerate(values):
            if value and not (shortest <= len(value) <= longest and value.isalnum() and value.isascii()):
                columns.reject(at, one.name, repr(value[:20]), what)
        return [value.upper() if value else None for value in values]

    return read


def _choice(choices: Mapping[str, Any] | None, expected: str = "") -> Callable[[Columns, Told], list[Any]]:
    def read(columns: Columns, one: Told) -> list[Any]:
        known = {theirs.casefold(): ours for theirs, ours in (choices or one.choices).items()}
        found = columns.choice(one.name, known, expected or ", ".join(one.choices))
        if one.required:
            columns.text(one.name, required=True)
        return found

    return read


def _flag(columns: Columns, one: Told) -> list[bool | None]:
    return columns.choice(one.name, FLAGS, "yes or no")  # type: ignore[arg-type, return-value]


def _list(columns: Columns, one: Told) -> list[list[str] | None]:
    """A JSON array, or words parted by commas or bars."""
    found: list[list[str] | None] = []
    for at, value in enumerate(_text(columns, one)):
        try:
            told = orjson.loads(value) if value and value.startswith("[") else re.split(r"[,;|]", value or "")
        except orjson.JSONDecodeError:
            columns.reject(at, one.name, repr(value)[:40], "a list")
            told = []
        found.append([str(item).strip() for item in told if str(item).strip()] or None)
    return found


def _whole(columns: Columns, one: Told) -> NDArray[np.int64]:
    return columns.whole(one.name, int(one.low), int(one.high), required=one.required)


def _number(columns: Columns, one: Told) -> NDArray[np.float64]:
    expected = f"a number from {one.low:,g} to {one.high:,g}"
    return columns.decimals(one.name, one.low, one.high, expected, one.required)


READERS: dict[str, Callable[[Columns, Told], Any]] = {
    "text": _text,
    "e-mail": lambda columns, one: columns.text(one.name, required=one.required, longest=254),
    "phone": lambda columns, one: columns.text(one.name, required=one.required, longest=40),
    "item": _short(LONGEST_ITEM),
    "channel": _short(LONGEST_CHANNEL),
    "code": _code,
    "choice": _choice(None),
    "kind": _choice(None),
    "yes or no": _choice(YES_NO, "Y or N"),
    "country": _choice(COUNTRIES, "an ISO 3166 code or an English country name"),
    "cabin": _choice(CABINS, "F, C, W or Y"),
    "flag": _flag,
    "list": _list,
    "ISO 3166": _letters(2, 2, "a code of 2 letters"),
    "IATA airport": _letters(3, 3, "a code of 3 letters"),
    "IATA airline": _letters(2, 3, "a code of 2 or 3 letters"),
    "ISO 4217": _letters(3, 3, "a code of 3 letters"),
    "moment": lambda columns, one: columns.moments(one.name, required=one.required),
    "stamp": lambda columns, one: columns.stamps(one.name, required=one.required),
    "date": lambda columns, one: columns.days(one.name, required=one.required),
    "whole number": _whole,
    "number": _number,
    "amount": lambda columns, one: columns.amount_minor(one.name, required=one.required, most=one.high),
}
