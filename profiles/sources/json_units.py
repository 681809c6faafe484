"""A record an object: one a line, the items of an array, or what an envelope around them holds, however it is laid out.

Objects are cut out of the file as they stand, without being parsed, so that their raw form can be kept.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import BinaryIO

import numpy as np
import orjson

from profiles.sources import line_units
from profiles.sources.contract import Reject
from profiles.sources.opening import BLOCK, damage_of
from profiles.sources.units import LONGEST_UNIT, SHOWN, Run, Unit, cut_off, fault_of, one_by_one, whole

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
_ESCAPED_QUOTE = re.compile(rb'(?<!\\)\\(?:\\\\)*"')
_STRING_END = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_MEMBER = re.compile(rb'"([^"\\]*)"\s*:\s*\Z')
_ONLY_MEMBER = re.compile(rb'\{\s*"([^"\\]*)"\s*:\s*(?=\{)')
_QUOTE, _BRACE, _BREAK = ord('"'), ord("{"), ord("\n")
_BRACKETS = np.zeros(256, dtype=np.int8)
_BRACKETS[[ord("{"), ord("[")]], _BRACKETS[[ord("}"), ord("]")]] = 1, -1
_TRIES_A_BLOCK = 64
_BETWEEN = b" \t\r\n,\x1e"  # what may stand between objects; the last begins a record of RFC 7464
_LOOKED_AT_FIRST = 1 << 16


def units(file: BinaryIO, *, within: Sequence[str] = ()) -> Iterator[Unit]:
    """The objects of the file. What `runs` hands out, one by one."""
    return one_by_one(runs(file, within=within))


def runs(file: BinaryIO, *, within: Sequence[str] = ()) -> Iterator[Unit | Run]:
    """The objects of the file, many at once where they stand a line each and nothing is wrong with them.

    `within` names members of an envelope that hold the records, as one object or an array of them:
    `{"tickets": [{...}, {...}], "count": 2}`; `data[]` holds them only where it is an array. What stands between
    objects and is none, or is never closed, is handed out as a fault. A file of an object a line is read by line, so
    that a broken one takes no other with it.
    """
    first = file.read(_LOOKED_AT_FIRST)
    whole_file = _Prefixed(first, file)
    if _object_a_line(first, within):
        yield from line_units.runs(whole_file)  # type: ignore[arg-type]
        return
    scan = _Scan(frozenset(name.encode() for name in within))
    while block := whole_file.read(BLOCK):
        yield from scan.feed(block)
    yield from scan.finish(damage_of(file))


class _Prefixed:
    """The file with the bytes that were looked at before."""

    def __init__(self, first: bytes, file: BinaryIO) -> None:
        self._first, self._file, self.raw = first, file, getattr(file, "raw", None)

    def read(self, size: int) -> bytes:
        first, self._first = self._first, b""
        return first or self._file.read(size)


def _object_a_line(first: bytes, within: Sequence[str]) -> bool:
    """Whether one of the first lines is a record of its own."""
    lines = first.removeprefix(codecs.BOM_UTF8).split(b"\n")
    if len(lines) == 1 or first.lstrip(codecs.BOM_UTF8 + b" \r\n\t")[:1] == b"[":
        return False
    for line in lines[:20]:
        try:
            found = orjson.loads(line) if line.strip() else None
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict):
            return not any(_holds(found, name) for name in within)
    return False


def _holds(found: dict[str, object], name: str) -> bool:
    bare = name.removesuffix("[]")
    return bare in found and (bare == name or isinstance(found[bare], list))


class _Scan:
    """Reads on block by block and remembers where it stands: around the records, in one, or in a string."""

    def __init__(self, within: frozenset[bytes]) -> None:
        self.within = within
        self.names = [b'"%s"' % name.removesuffix(b"[]") for name in within]
        self.text = b""  # from the beginning of the current record, or from where the last one ended
        self.row, self.counted = 1, 0  # the line on which byte `counted` of `text` stands
        self.at = 0  # how far `text` was looked at
        self.in_string = False
        self.start = -1  # where in `text` the current record begins
        self.depth = 0  # brackets open inside it, itself included
        self.around: list[str] = []  # brackets open around the records: of an envelope { and of an array [
        self.skipped = 0  # brackets open inside a member of an envelope that holds no records
        self.gap = 0  # where what stands between two records begins
        self.lost = 0  # bytes of a record that is too long, dropped

    @property
    def _is_in_envelope(self) -> bool:
        return self.around[-1:] == ["{"]

    def feed(self, block: bytes) -> Iterator[Unit | Run]:
        if not self.text and self.row == 1:
            block = block.removeprefix(codecs.BOM_UTF8)
        self.text += block
        if self.in_string and not self._leave_string():
            yield from self._forget()
            return
        tries = _TRIES_A_BLOCK
        while True:
            if tries and self.start < 0 and not self.skipped and not self._is_in_envelope:
                tries -= 1
                yield from self._siblings()
            token = _TOKEN.search(self.text, self.at)
            if token is None:
                self.at = len(self.text)
                break
            self.at = token.end()
            if token.end() - token.start() > 1:
                continue
            mark = token.group().decode()
            if mark == '"':
                self.in_string = True
                self._leave_string()
                break
            yield from self._bracket(mark, token.start())
        yield from self._forget()

    def _siblings(self) -> Iterator[Unit | Run]:
        """The whole objects that follow here with nothing but commas between them."""
        raw: list[bytes] = []
        starts: list[int] = []
        for start, end, child_end in _siblings(self.text, self.at, self.names):
            first, last = (start, end) if child_end is None else self._held_in(start, end, child_end)
            if first < 0 or self.text[self.gap : start].strip(_BETWEEN):
                break
            raw.append(self.text[first:last])
            starts.append(first)
            self.at = self.gap = end
        if raw:
            yield from self._run(raw, starts)

    def _run(self, raw: list[bytes], starts: list[int]) -> Iterator[Unit | Run]:
        """The records that begin at these places of the text, at once unless one of them is to be looked at."""
        breaks = np.flatnonzero(np.frombuffer(self.text, dtype=np.uint8)[self.counted : starts[-1]] == _BREAK)
        rows = self.row + np.searchsorted(breaks, np.array(starts) - self.counted)
        self._row_of(starts[-1])
        if fault_of(b"\n".join(raw), max(map(len, raw))):
            yield from (whole(row, each) for row, each in zip(rows.tolist(), raw, strict=True))
        else:
            yield Run(raw, rows, sum(map(len, raw)))

    def _held_in(self, start: int, end: int, child_end: int) -> tuple[int, int]:
        """Where the record begins and ends in an object in which a member is named that may hold records."""
        opened = _ONLY_MEMBER.match(self.text, start, end)
        if opened and opened[1] in self.within and not self.text[child_end : end - 1].strip():
            record = self.text[opened.end() : child_end]
            if not any(name in record for name in self.names):
                return opened.end(), child_end
        return self._only_one_in(start, end) if _may_hold_others(self.text[start:end], self.names) else (start, end)

    def _only_one_in(self, start: int, end: int) -> tuple[int, int]:
        """Where the record begins and ends that an envelope holds and nothing else, `{"data": {...}}`; else -1, -1."""
        first, last = self.text.find(b"{", start + 1, end), self.text.rfind(b"}", start, end - 1) + 1
        try:
            [(name, held)] = orjson.loads(self.text[start:end]).items()
            record = orjson.loads(self.text[first:last])
        except ValueError:  # not JSON, or more than one member
            return -1, -1
        is_record = isinstance(held, dict) and record == held and name.encode() in self.within
        names = {each.removesuffix(b"[]").decode() for each in self.within}
        return (first, last) if is_record and not names & held.keys() else (-1, -1)

    def _leave_string(self) -> bool:
        end = _STRING_END.match(self.text, self.at)
        if end:
            self.at, self.in_string = end.end(), False
            return True
        backslashes = len(self.text) - len(self.text.rstrip(b"\\"))
        self.at = len(self.text) - backslashes % 2
        return False

    def _bracket(self, mark: str, place: int) -> Iterator[Unit]:
        opens = mark in "{["
        if self.start >= 0:
            if opens and self.depth == 1 and self._named(mark, place):
                self.around.append("{")  # what looked like a record is an envelope around them
                self.start, self.depth = -1, 0
                yield from self._around(mark, place)
                return
            self.depth += 1 if opens else -1
            if self.depth == 0:
                yield self._record(place + 1)
        elif self.skipped:
            self.skipped += 1 if opens else -1
        elif opens and self._is_in_envelope and not self._named(mark, place):
            self.skipped = 1
        else:
            yield from self._around(mark, place)

    def _around(self, mark: str, place: int) -> Iterator[Unit]:
        if not self._is_in_envelope:
            yield from self._stray(place)
        if mark == "{":
            self.start, self.depth = place, 1
        elif mark == "[":
            self.around.append(mark)
        elif self.around:
            self.around.pop()
        self.gap = place + 1

    def _named(self, mark: str, place: int) -> bool:
        """Whether the value that begins here is a member that holds the records."""
        if not self.within:
            return False
        member = _MEMBER.search(self.text[max(0, place - 200) : place])
        name = member[1] if member else b""
        return name in self.within or (mark == "[" and name + b"[]" in self.within)

    def _stray(self, end: int) -> Iterator[Unit]:
        stray = self.text[self.gap : end].strip(_BETWEEN)
        if stray:
            row = self._row_of(self.text.find(stray, self.gap))
            yield Unit(row, stray[:SHOWN], len(stray), _not_json(stray))

    def _row_of(self, place: int) -> int:
        """Called with ascending places, so that every line is counted once."""
        self.row += self.text.count(b"\n", self.counted, place)
        self.counted = max(self.counted, place)
        return self.row

    def _record(self, end: int) -> Unit:
        raw, row = self.text[self.start : end], self._row_of(self.start)
        length, self.start, self.gap = len(raw) + self.lost, -1, end
        if self.lost:
            self.lost = 0
            return Unit(row, raw[:SHOWN], length, fault_of(b"", length))
        return whole(row, raw)

    def _forget(self) -> Iterator[Unit]:
        """Drop what was handed out, and of a record that is too long all but its beginning."""
        keep = self.start if self.start >= 0 else self.gap if not self._is_in_envelope else max(self.at - 200, 0)
        keep = min(keep, self.at)
        self._row_of(keep)
        self.text, self.at, self.gap = self.text[keep:], self.at - keep, max(self.gap - keep, 0)
        self.counted -= keep
        self.start = 0 if self.start >= 0 else -1
        if len(self.text) > LONGEST_UNIT and self.at > SHOWN:
            if self.start < 0:
                yield from self._stray(self.at)
                self.gap = SHOWN
            self.lost += self.at - SHOWN if self.start >= 0 else 0
            self._row_of(self.at)
            self.text, self.at, self.counted = self.text[:SHOWN] + self.text[self.at :], SHOWN, SHOWN

    def finish(self, damage: str) -> Iterator[Unit]:
        rest = self.text[self.start :] if self.start >= 0 else self.text[self.gap :]
        if damage:
            yield cut_off(self.row, rest, damage)
        elif self.start >= 0:
            fault = Reject(-1, "line", "an object that is not closed", "a JSON object with its closing brace")
            yield Unit(self._row_of(self.start), rest[:SHOWN], len(rest) + self.lost, fault)
        elif self.around:
            fault = Reject(-1, "line", "an array or an envelope that is not closed", "JSON with its closing brackets")
            yield Unit(self._row_of(len(self.text)), rest[:SHOWN], len(rest), fault)
        else:
            yield from self._stray(len(self.text))


def _siblings(text: bytes, at: int, names: Sequence[bytes]) -> Iterator[tuple[int, int, int | None]]:
    """Where the objects begin and end that follow `at`, which stands between two; none after one that is not whole.

    Of an object in which one of the `names` occurs also where its first inner object or list ends, `at` if it has none.
    """
    view = np.frombuffer(text, dtype=np.uint8)[at:]
    quotes = np.flatnonzero(view == _QUOTE)
    if b"\\" in text:
        escaped = np.array([found.end() - 1 - at for found in _ESCAPED_QUOTE.finditer(text, at)], dtype=np.int64)
        quotes = np.setdiff1d(quotes, escaped, assume_unique=True)
        odd = escaped[np.searchsorted(quotes, escaped) % 2 == 0]  # outside of a string nothing is escaped
        view = view[: odd[0]] if len(odd) else view
    kinds = _BRACKETS[view]
    brackets = np.flatnonzero(kinds)
    brackets = brackets[np.searchsorted(quotes, brackets) % 2 == 0]  # the others stand in strings
    steps = kinds[brackets]
    depth = np.cumsum(steps, dtype=np.int64)
    ended = np.flatnonzero(depth < 0)
    until = int(ended[0]) if len(ended) else len(brackets)
    ends = np.flatnonzero((depth[:until] == 0) & (steps[:until] < 0))
    begins = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
    lists = np.flatnonzero(view[brackets[begins]] != _BRACE)
    most = int(lists[0]) if len(lists) else len(ends)
    starts, stops = (brackets[begins[:most]] + at).tolist(), (brackets[ends[:most]] + at + 1).tolist()
    if not most or not any(text.find(name, at, stops[-1]) >= 0 for name in names):
        return zip(starts, stops, repeat(None))
    children = np.flatnonzero((depth[:until] == 1) & (steps[:until] < 0))
    places = np.append(brackets[children] + at + 1, len(text) + 1)
    first = places[np.searchsorted(children, begins[:most])]
    inner = np.where(first < stops, first, at).tolist()
    return (
        (start, stop, place if any(text.find(name, start, stop) >= 0 for name in names) else None)
        for start, stop, place in zip(starts, stops, inner, strict=True)
    )


def _may_hold_others(raw: bytes, names: Sequence[bytes]) -> bool:
    """Whether one of the members that hold records is the object's own, and not one of what lies in it."""
    try:
        members = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return True
    return any(name[1:-1].decode() in members for name in names)


def _not_json(stray: bytes) -> Reject:
    return Reject(-1, "line", f"not JSON: {stray[:40]!r}", "JSON objects")
