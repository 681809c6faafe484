"""Reads the columns of a CSV chunk into typed arrays. A value that cannot be read rejects its line and is named."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from profiles.sources import codes
from profiles.sources.contract import Field, Lines, Reject, WrongFile, plain
from profiles.sources.json_members import Members
from profiles.sources.stamps import EARLIEST_YEAR, LATEST_YEAR, read_stamps

MOST_COLUMNS = 50_000  # no feed has more than some thousand


class Columns:
    """The columns of a chunk by header name, with readers that note what they could not read in `rejects`.

    Every reader returns one value a parsed line; `line` maps those to the chunk's lines.
    """

    def __init__(
        self, lines: Lines, names: list[str], only: Sequence[str] | None = None, *, delimiter: str = ","
    ) -> None:
        """Parse the lines; with `only`, just these columns."""
        self.rejects: list[Reject] = []
        chosen = [name for name in names if only is None or name in only]
        at = np.arange(len(lines.raw))
        table, wrong = _parsed(lines.raw, names, chosen, delimiter)
        if table.num_rows + len(wrong) != len(at):
            # A quote inside a field swallowed the lines after it; found by reading each line before a plain one.
            swallows = np.array([_swallows(raw, names, delimiter) for raw in lines.raw], dtype=bool)
            for index in np.flatnonzero(swallows).tolist():
                self.rejects.append(Reject(index, "line", "quotes inside a field", "quotes around a whole field"))
            at = np.flatnonzero(~swallows)
            table, wrong = _parsed([lines.raw[index] for index in at.tolist()], names, chosen, delimiter)
        for index, count in sorted(wrong.items()):
            self.rejects.append(Reject(int(at[index]), "line", f"{count} fields", f"{len(names)} fields"))
        self.line: NDArray[np.int64] = np.delete(at, list(wrong))
        if table.num_rows != len(self.line):
            raise WrongFile(f"rows {lines.rows[0]} to {lines.rows[-1]}: quotes do not match")
        self._table = table
        self.names = set(chosen)

    @classmethod
    def of_objects(cls, lines: Lines, paths: Mapping[str, Sequence[str]]) -> Columns:
        """The same from JSON objects, one a record: each column the first of its dotted `paths` that is there."""
        found = cls(Lines([], lines.rows[:0]), list(paths))
        documents, at = _objects(lines, found.rejects)
        members = Members(documents)
        values = {name: members.values(ways) for name, ways in paths.items()}
        found._table = pa.table({name: pa.array(column, type=pa.string()) for name, column in values.items()})
        found.line = np.array(at, dtype=np.int64)
        return found

    def __len__(self) -> int:
        return len(self.line)

    def reject(self, at: int, name: str, reason: str, expected: str, table: str = "") -> None:
        """Reject a line; `table` names the code table that lacks what it needs."""
        self.rejects.append(Reject(int(self.line[at]), name, reason, expected, table))

    def _trimmed(self, name: str) -> pa.ChunkedArray:
        return pc.utf8_trim_whitespace(self._table[name])

    def text(self, name: str, *, required: bool = False, longest: int = 200) -> list[str | None]:
        """Trimmed strings; an empty one is None."""
        if name not in self.names:
            return [None] * len(self)
        column = self._trimmed(name)
        values = [value or None for value in column.to_pylist()]
        if required and None in values:
            for at, value in enumerate(values):
                if value is None:
                    self.reject(at, name, "empty", "a value")
        too_long = pc.max(pc.utf8_length(column)).as_py()
        if too_long and too_long > longest:
            for at, value in enumerate(values):
                if value and len(value) > longest:
                    self.reject(at, name, f"{len(value)} characters", f"at most {longest}")
        return values

    def choice(self, name: str, known: Mapping[str, str], expected: str) -> list[str | None]:
        """Values looked up in `known` without regard to case; an empty one is None, an unknown one a reject."""
        found: list[str | None] = []
        for at, value in enumerate(self.text(name)):
            chosen = known.get(value.casefold()) if value else None
            if value and chosen is None:
                self.reject(at, name, f"{value[:40]!r}", expected)
            found.append(chosen)
        return found

    def whole(
        self, name: str, low: int, high: int, *, required: bool = True, rounded: bool = False
    ) -> NDArray[np.int64]:
        """Whole numbers from `low` to `high`; -1 where an optional one is empty or the line was rejected.

        `rounded`: a decimal is rounded half to even instead of rejected.
        """
        expected = f"a {'' if rounded else 'whole '}number from {low:,} to {high:,}"
        values = self.decimals(name, low, high, expected, required)
        if not rounded:
            for at in np.flatnonzero(values != np.floor(values)).tolist():
                self.reject(at, name, f"{values[at]}", expected)
        return np.rint(values).astype(np.int64)

    def amount_minor(
        self,
        name: str,
        *,
        required: bool = True,
        most: float = 1e9,
        currency: Sequence[str | None] | str | None = None,
    ) -> NDArray[np.int64]:
        """Decimal amounts, not negative, as minor units of their `currency`, one for all or one a line.

        Yen have no minor units; without a currency amounts have two decimals. -1 where there is none.
        """
        expected = "an amount that is not negative"
        major = self.decimals(name, 0.0, most, expected, required)
        return np.where(major < 0, -1, np.round(major * minor_units(currency))).astype(np.int64)

    def decimals(self, name: str, low: float, high: float, expected: str, required: bool = True) -> NDArray[np.float64]:
        """Decimal numbers from `low` to `high`; -1 where the line was rejected or an optional value is empty."""
        if name not in self.names:
            return np.full(len(self), -1.0)
        column = self._trimmed(name)
        try:
            numbers = pc.cast(column, pa.float64()).to_numpy()
            read = np.isfinite(numbers)
        except pa.ArrowInvalid:
            numbers, read = _each_decimal(column.to_pylist())
        bad = ~read | (numbers < low) | (numbers > high)
        if bad.any():
            numbers = numbers.copy()
            texts = column.to_pylist()
            for at in np.flatnonzero(bad).tolist():
                numbers[at] = -1.0
                if texts[at] or required:
                    self.reject(at, name, f"{texts[at][:40]!r}" if texts[at] else "empty", expected)
        return numbers

    def days(self, name: str, *, required: bool = False) -> list[str | None]:
        """ISO dates as text, checked."""
        return self._checked(name, read_day, "a date as 1984-05-17", required)

    def moments(self, name: str, *, required: bool = True) -> NDArray[np.datetime64]:
        """ISO moments with an offset, as UTC datetime64[us]; NaT where the line was rejected."""
        texts = self.text(name)
        try:
            stamps = pc.strptime(pa.array([t or "" for t in texts]), "%Y-%m-%dT%H:%M:%SZ", "us")
            moments = stamps.to_numpy(zero_copy_only=False).astype("datetime64[us]")
        except (pa.ArrowInvalid, ValueError):
            moments = np.array([read_moment(text) if text else None for text in texts], dtype="datetime64[us]")
        years = moments.astype("datetime64[Y]").astype(np.int64) + 1970
        bad = np.isnat(moments) | (years < EARLIEST_YEAR) | (years > LATEST_YEAR)
        for at in np.flatnonzero(bad).tolist():
            if texts[at] or required:
                reason = repr(texts[at][:40]) if texts[at] else "empty"  # type: ignore[index]
                self.reject(at, name, reason, "a moment as 2026-10-31T09:14:00Z")
        moments[bad] = np.datetime64("NaT")
        return moments

    def stamps(self, name: str, *, required: bool = True) -> NDArray[np.datetime64]:
        """Moments as the exports of vendors write them, as UTC datetime64[us]; NaT where the line was rejected.

        ISO with T or a blank; seconds, milliseconds or microseconds since 1970; a day means its midnight. What carries
        no offset is UTC, as the vendors say of their exports: never use this for a clock of an airport.
        """
        texts = self.text(name, required=required)
        moments = read_stamps(texts)
        for at in np.flatnonzero(np.isnat(moments)).tolist():
            if texts[at]:
                self.reject(at, name, repr(texts[at][:40]), "a moment as 2026-10-31T09:14:00Z")  # type: ignore[index]
        return moments

    def flags(self, name: str) -> list[bool]:
        """Whether a value says yes; an empty one does not, and neither does a column that is absent."""
        return [bool(value) and value.casefold() in _YES for value in self.text(name)]  # type: ignore[union-attr]

    def _checked(self, name: str, read: Callable[[str], str | None], expected: str, required: bool) -> list[str | None]:
        values = self.text(name, required=required)
        known = {value: read(value) for value in set(values) if value is not None}  # days come again and again
        if None in known.values():
            for at, value in enumerate(values):
                if value is not None and known[value] is None:
                    self.reject(at, name, repr(value[:40]), expected)
        return [None if value is None else known[value] for value in values]


def table(
    header: bytes | None,
    lines: Lines,
    fields: Sequence[Field],
    source: str,
    *,
    only: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Columns:
    """The columns of a table by the names of its `fields`, from CSV (comma, semicolon, tab or bar) or JSON objects.

    A field goes by its name or an alias; in a CSV without regard to case, blanks and marks, so that `First Name`,
    `first_name` and `FirstName` are one. `names` says by which names of the airline's own (their name -> ours). Raises
    WrongFile where a CSV has no column for a required field, or two of one name.
    """
    ours = {plain(theirs): our for theirs, our in (names or {}).items()}
    for one in fields:
        for name in (one.name, *one.aliases):
            ours.setdefault(plain(name), one.name)
    if header is None:
        paths: dict[str, list[str]] = {one.name: [] for one in fields if only is None or one.name in only}
        for theirs, our in (names or {}).items():
            paths.get(our, []).append(theirs)
        for one in fields:
            paths.get(one.name, []).extend((one.name, *one.aliases))
        return Columns.of_objects(lines, paths)
    try:
        found, delimiter = split_header(header)
    except (UnicodeDecodeError, csv.Error):
        raise WrongFile(f"row 1: the header of {source} is not readable text") from None
    _bounded(found, source)
    twice = sorted(name for name, times in Counter(found).items() if times > 1 and plain(name) in ours)
    if twice:
        raise WrongFile(f"row 1: header of {source}: {', '.join(twice)} stands twice")
    known = [ours.get(plain(name), name) for name in found]
    # Of two columns that mean the same field the first one counts.
    first = {name: at for at, name in reversed(list(enumerate(known)))}
    told = [name if first[name] == at else f"{name} ({at})" for at, name in enumerate(known)]
    missing = [one.name for one in fields if one.required and one.name not in told]
    if missing:
        expected = ", ".join(one.name for one in fields)
        raise WrongFile(
            f"row 1: header of {source}: missing {', '.join(missing)}; expected {expected}; "
            f"found {', '.join(found[:8]) or 'nothing'}"
        )
    wanted = [one.name for one in fields if only is None or one.name in only]
    return Columns(lines, told, only=[name for name in wanted if name in told], delimiter=delimiter)


def _bounded(names: Sequence[str], source: str) -> None:
    if len(names) > MOST_COLUMNS:
        raise WrongFile(f"row 1: header of {source}: {len(names):,} columns; at most {MOST_COLUMNS:,}")


def split_header(header: bytes) -> tuple[list[str], str]:
    """The names in a header, trimmed, and what separates them. Raises UnicodeDecodeError and csv.Error."""
    delimiter = max(",;\t|", key=header.decode("utf-8", "replace").count)
    names = next(csv.reader(io.StringIO(header.decode()), delimiter=delimiter), [])
    return [name.strip() for name in names], delimiter


def minor_units(currency: Sequence[str | None] | str | None) -> NDArray[np.float64] | float:
    """How many minor units make one unit of each currency: 100 cents, 1 yen."""
    if currency is None or isinstance(currency, str):
        return float(codes.minor_units(currency))
    of_each = {code: float(codes.minor_units(code)) for code in set(currency)}
    return np.array([of_each[code] for code in currency], dtype=np.float64)


def _objects(lines: Lines, rejects: list[Reject]) -> tuple[list[dict[str, Any]], list[int]]:
    documents, at = [], []
    for index, raw in enumerate(lines.raw):
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            said = f"not JSON: {error.msg} at position {error.pos + 1}"[:200]
            rejects.append(Reject(index, "line", said, "a JSON object"))
            continue
        if isinstance(document, dict):
            documents.append(document)
            at.append(index)
        else:
            rejects.append(Reject(index, "line", repr(document)[:60], "a JSON object"))
    return documents, at


def _parsed(raw: list[bytes], names: list[str], chosen: list[str], delimiter: str) -> tuple[pa.Table, dict[int, int]]:
    """The lines as columns of text, and the lines with a wrong number of fields, left out, with that number."""
    if not raw:
        return pa.table({name: pa.array([], type=pa.string()) for name in chosen}), {}
    wrong: dict[int, int] = {}

    def note(row: pa.csv.InvalidRow) -> str:
        wrong[row.number - 1] = row.actual_columns
        return "skip"

    table = pa.csv.read_csv(
        pa.BufferReader(b"\n".join(raw) + b"\n"),
        read_options=pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=1 << 28),
        parse_options=pa.csv.ParseOptions(
            newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note, delimiter=delimiter
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            strings_can_be_null=False,
            check_utf8=False,
            include_columns=chosen,
        ),
    )
    return table, wrong


def _swallows(raw: bytes, names: list[str], delimiter: str) -> bool:
    found, wrong = _parsed([raw, delimiter.encode() * (len(names) - 1)], names, names[:1], delimiter)
    return bool(found.num_rows + len(wrong) != 2)


# Commas part thousands (1,234.50); one that may be a decimal comma (189,00) is no number here.
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)


def _each_decimal(texts: list[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    numbers = np.full(len(texts), -1.0)
    for at, text in enumerate(texts):
        plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
        numbers[at] = float(plain) if _DECIMAL.fullmatch(plain) else np.nan
    return numbers, np.isfinite(numbers)


_YES = frozenset(("true", "yes", "y", "1", "t"))


def read_day(text: str) -> str | None:
    """`text` as an ISO date between 1900 and 2100, or None."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return day.isoformat() if EARLIEST_YEAR <= day.year <= LATEST_YEAR and len(text) in (10, 19, 20) else None


def read_moment(text: str) -> np.datetime64 | None:
    """`text` as a UTC moment between 1900 and 2100, or None. An offset is required."""
    moment = read_instant(text)
    return None if moment is None else np.datetime64(moment, "us")


def read_instant(text: str) -> datetime | None:
    """The same as a datetime in UTC without its zone, as numpy takes it."""
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None or not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None)
