"""A person's values as they are sealed, on a record and on a profile: one short text, parallel to PERSON_FIELDS.

Layout: a byte 1, then the values in UTF-8 with a unit separator between them; what is missing is empty, and missing
values at the end are left out. That is eighty bytes less for a passenger than the JSON list it once was, which is
still read, and still written for the odd value that holds the separator itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from profiles.sources.contract import PERSON_FIELDS

_MARK, _SEPARATOR = b"\x01", "\x1f"
# A profile has these in clear, and nobody compares people by them: what a column holds whole is not sealed once more.
BESIDE = ("language", "region", "home_airport", "tier", "tier_status", "enrolled_on")
_BESIDE_AT = [(PERSON_FIELDS.index(name), name) for name in BESIDE]


def packed_rows(columns: Sequence[Sequence[str | None]]) -> list[bytes]:
    """`packed` for every row of columns that are parallel to PERSON_FIELDS, or to the first of them."""
    filled = [[value or "" for value in column] if None in column else column for column in columns]
    separators = len(columns) - 1
    return [
        _MARK + text.rstrip(_SEPARATOR).encode()
        if text.count(_SEPARATOR) == separators
        else packed([column[at] for column in columns])
        for at, text in enumerate(map(_SEPARATOR.join, zip(*filled, strict=True)))
    ]


def packed(values: Sequence[str | None]) -> bytes:
    """The values of PERSON_FIELDS, or of the first of them; an empty value is none."""
    text = _SEPARATOR.join([value or "" for value in values])
    if text.count(_SEPARATOR) != len(values) - 1:
        return orjson.dumps(values)
    return _MARK + text.rstrip(_SEPARATOR).encode()


def unpacked(raw: bytes) -> list[str | None]:
    """One value for each of PERSON_FIELDS, None where there is none."""
    packed_text = raw[:1] == _MARK
    values = raw[1:].decode().split(_SEPARATOR) if packed_text else orjson.loads(raw)
    return [value or None for value in values] + [None] * (len(PERSON_FIELDS) - len(values))


def of_profile(raw: bytes, clear: Mapping[str, Any]) -> list[str | None]:
    """`unpacked` for a profile: what was sealed, and beside it what its columns (by name) say in clear."""
    values = unpacked(raw)
    for at, name in _BESIDE_AT:
        if values[at] is None and clear.get(name) is not None:
            values[at] = str(clear[name])
    return values
