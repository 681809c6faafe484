"""A record a group of segments of an EDIFACT message, with the separators and the head of its message.

A passenger name record in a message about a flight begins with SRC. What is handed out is self-contained: the
separators, the message's type, its MSG, ORG and TVL, then the group, without line breaks. Control references and
sending times stay out, since they change when the same is sent again. Rows are numbers of segments, UNB being 1: lines
mean nothing in EDIFACT. What envelopes promise and do not keep is named: trailers that are missing, counts that are
wrong, parts of a series that did not come.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from profiles.sources.cards import masked
from profiles.sources.contract import Reject
from profiles.sources.edifact import Separators, segments, separators_of
from profiles.sources.opening import BLOCK, damage_of
from profiles.sources.units import LONGEST_UNIT, SHOWN, Unit, cut_off, fault_of

_LOOKED_AT = 4096  # of an interchange, to find its separators
_OVERLAP = 64  # a boundary is shorter
_BREAKS = b"\r\n"
_HEAD = ("MSG", "ORG", "TVL")
# ISO 9735: by the syntax identifier of UNB; anything else is ASCII or UTF-8.
_CHARSETS = {b"UNOC": "latin-1", b"UNOD": "iso8859-2", b"UNOE": "iso8859-5", b"UNOF": "iso8859-7"}
_BEGIN = re.compile(rb"UN[ABH]")
_ANNOUNCED = re.compile(rb"UNA.{1,8}?\s*(?=UN[BGH])", re.DOTALL)


def units(file: BinaryIO, *, within: Sequence[str] = ("SRC",)) -> Iterator[Unit]:
    """The groups that begin with a segment named in `within`."""
    scan = _Scan(within)
    while block := file.read(BLOCK):
        yield from scan.feed(block)
    yield from scan.finish(damage_of(file))


@dataclass
class _Envelope:
    """An interchange, a group of messages or a message: what opened it, and what was counted in it."""

    row: int
    opened: bytes
    counted: int = 0
    groups: int = 0
    records: int = 0


class _Scan:
    """Reads on block by block; a region runs from one segment that matters to the next."""

    def __init__(self, within: Sequence[str]) -> None:
        self.within = tuple(name.encode() for name in within)
        self.text, self.start, self.at = b"", -1, 0
        self.tag = b""  # of the segment with which the region begins
        self.segment = 1  # number of that segment
        self.lost = self.lost_segments = 0  # of a region that is too long
        self.marks = Separators()
        self.boundary = _boundary("'", self.within)
        self.charset = "utf-8"
        self.head = b""
        self.interchange: _Envelope | None = None
        self.group: _Envelope | None = None
        self.message: _Envelope | None = None
        self.series: dict[bytes, tuple[int, int, bytes]] = {}  # reference -> parts seen, number and mark of the last

    def feed(self, block: bytes) -> Iterator[Unit]:
        if self.start < 0 and not self.text:
            block = block.removeprefix(codecs.BOM_UTF8)
        self.text += block
        yield from self._cut(final=False)

    def finish(self, damage: str) -> Iterator[Unit]:
        if damage:
            yield from self._cut(final=False)
            yield cut_off(self.segment, self.text[max(self.start, 0) :], damage)
            return
        yield from self._cut(final=True)
        if self.start >= 0:
            yield from self._close(len(self.text), last=True)
        yield from self._missing_trailers()

    def _cut(self, *, final: bool) -> Iterator[Unit]:
        if self.start < 0:
            if len(self.text) < _LOOKED_AT and not final:
                return
            yield from self._begin()
        while self.start >= 0 and (found := self.boundary.search(self.text, self.at)):
            tag, place = found.group(1), found.start(1)
            if tag in (b"UNA", b"UNB") and len(self.text) - place < _LOOKED_AT and not final:
                self.at = found.start()
                break
            yield from self._close(place)
            self._open(tag, place)
        else:
            self.at = max(self.at, len(self.text) - _OVERLAP)
        self._forget()

    def _begin(self) -> Iterator[Unit]:
        """Find where the first interchange begins. A file without envelope is read from its first segment on."""
        found = _BEGIN.search(self.text)
        place = found.start() if found else len(self.text)
        bare = re.match(rb"\s*(?:SRC|MSG|RCI)(?=['+])", self.text)
        if bare:
            self.marks, self.start, self.tag, self.at = Separators(), 0, b"", 0
            if self.text.lstrip().startswith(self.within):
                self.tag, self.at = self.text.lstrip()[:3], 1
            yield self._fault(self.text[:3], Reject(-1, "UNB", "missing", "an interchange that begins with UNB"))
            return
        stray = self.text[:place].strip()
        if stray:
            yield self._fault(stray, Reject(-1, "line", f"not EDIFACT: {stray[:40]!r}", "UNA or UNB"))
        if found:
            self._open(found.group(), place)
        else:
            self.text, self.start = b"", -1

    def _open(self, tag: bytes, place: int) -> None:
        if tag in (b"UNA", b"UNB") or (tag == b"UNH" and self.start < 0):
            self.marks = separators_of(self.text[place : place + _LOOKED_AT].decode("utf-8", "replace"))
            self.boundary = _boundary(self.marks.terminator, self.within)
            announced = _ANNOUNCED.match(self.text, place, place + 40)
            if announced:
                place = announced.end()
                tag = self.text[place : place + 3]
        self.start, self.tag, self.at = place, tag, place + 3

    def _close(self, end: int, *, last: bool = False) -> Iterator[Unit]:
        region = self.text[self.start : end]
        row, count = self.segment, self._count(region) + self.lost_segments
        self.segment += count
        if self.message and self.tag not in (b"UNB", b"UNG", b"UNH", b"UNE", b"UNZ"):
            self.message.counted += count
        if self.tag in self.within:
            if self.message:
                self.message.records += 1
            yield self._record(row, region, last)
        elif self.tag == b"UNH":
            yield from self._message(row, region, count)
        elif self.tag == b"UNT":
            yield from self._end_of_message(row, region)
        elif self.tag in (b"UNB", b"UNG"):
            yield from self._envelope(row, region)
        elif self.tag in (b"UNE", b"UNZ"):
            yield from self._end_of_envelope(row, region)
        else:
            self.head = self._head_of(region)
        self.lost = self.lost_segments = 0

    def _count(self, region: bytes) -> int:
        end, release = self.marks.terminator.encode(), self.marks.release.encode()
        if release and release + end in region:
            return len(segments(region.decode("utf-8", "replace"), self.marks))
        return region.count(end) + bool(region[region.rfind(end) + 1 :].strip())

    def _record(self, row: int, region: bytes, last: bool) -> Unit:
        length = len(region) + self.lost
        if self.lost:
            return Unit(row, region[:SHOWN], length, fault_of(b"", length))
        if last and not region.rstrip().endswith(self.marks.terminator.encode()):
            fault = Reject(-1, "line", "the file ends within a segment", "a segment with its terminator")
            return Unit(row, self._text(region)[:SHOWN], length, fault)
        raw = masked(self.marks.announced.encode() + self.head + self._text(region))
        return Unit(row, raw, length, fault_of(raw, length))

    def _text(self, region: bytes) -> bytes:
        """Without line breaks, and as UTF-8 where the interchange says what it is written in."""
        bare = region.translate(None, _BREAKS)
        if self.charset == "utf-8" or bare.isascii():
            return bare
        try:
            bare.decode()
        except UnicodeDecodeError:
            return bare.decode(self.charset, "replace").encode()
        return bare

    def _elements(self, region: bytes) -> list[str]:
        first = segments(self._text(region).decode("utf-8", "replace"), self.marks)[:1]
        return first[0].split("+") if first else []

    def _envelope(self, row: int, region: bytes) -> Iterator[Unit]:
        if self.tag == b"UNB":
            yield from self._missing_trailers()
            self.interchange = _Envelope(row, self._text(region))
            said = self._elements(region)
            self.charset = _CHARSETS.get(said[1].split(":")[0].encode() if len(said) > 1 else b"", "utf-8")
        else:
            self.group = _Envelope(row, self._text(region))
            if self.interchange:
                self.interchange.groups += 1

    def _message(self, row: int, region: bytes, count: int) -> Iterator[Unit]:
        yield from self._missing_message_end()
        self.head = self._head_of(region)
        self.message = _Envelope(row, self._text(region)[:SHOWN], count)
        for envelope in (self.group, self.interchange):
            if envelope:
                envelope.counted += 1
        yield from self._part_of_series(row, self._elements(region))

    def _head_of(self, region: bytes) -> bytes:
        """The message's type and those of its first segments that say what it is about."""
        end, element = self.marks.terminator, self.marks.element
        text = self._text(region).decode("utf-8", "replace")
        first, *rest = [part.strip() for part in text.split(end) if part.strip()] or [""]
        said = first.split(element)
        kind = [f"UNH{element}{element}{said[2]}"] if said[0] == "UNH" and len(said) > 2 else []
        kept = [part for part in (rest if said[0] == "UNH" else [first, *rest]) if part[:3] in _HEAD]
        return "".join(part + end for part in [*kind, *kept]).encode()

    def _part_of_series(self, row: int, said: list[str]) -> Iterator[Unit]:
        """Parts of a series are numbered; the mark C says that it goes on, F that it ends."""
        part = said[4].split(":") if len(said) > 4 else [""]
        if not part[0].isdecimal():
            return
        reference, number, mark = said[3].encode(), int(part[0]), (part[1] if len(part) > 1 else "").encode()
        seen, before, _ = self.series.get(reference, (0, number - 1, b""))
        if number not in (before + 1, before):
            reason, expected = f"part {number} after part {before}", f"part {before + 1} of the series"
            yield self._fault("+".join(said).encode(), Reject(-1, "UNH", reason, expected), row)
        self.series[reference] = (seen + 1, number, mark)

    def _end_of_message(self, row: int, region: bytes) -> Iterator[Unit]:
        said = self._elements(region)
        if self.message is None:
            yield self._fault(region, Reject(-1, "UNT", "no message is open", "UNH before it"), row)
        elif len(said) > 1 and said[1] != str(self.message.counted):
            yield self._wrong_count(row, region, said[1], f"{self.message.counted} segments")
        if self.message and not self.message.records:
            expected = f"a group that begins with {' or '.join(name.decode() for name in self.within)}"
            yield self._fault(self.message.opened, Reject(-1, "UNH", "a message without records", expected), row)
        self.message = None

    def _end_of_envelope(self, row: int, region: bytes) -> Iterator[Unit]:
        yield from self._missing_message_end()
        opened = self.group if self.tag == b"UNE" else self.interchange
        said = self._elements(region)
        if opened is None:
            expected = "UNG before it" if self.tag == b"UNE" else "UNB before it"
            yield self._fault(region, Reject(-1, self.tag.decode(), "nothing is open", expected), row)
        elif len(said) > 1 and (not said[1].isdecimal() or int(said[1]) != (opened.groups or opened.counted)):
            what = f"{opened.groups} groups" if opened.groups else f"{opened.counted} messages"
            yield self._wrong_count(row, region, said[1], what)
        if self.tag == b"UNE":
            self.group = None
        else:
            yield from self._missing_group_end()
            self.interchange = None

    def _wrong_count(self, row: int, region: bytes, said: str, came: str) -> Unit:
        return self._fault(region, Reject(-1, self.tag.decode(), f"says {said[:20]}", f"{came}, as came"), row)

    def _missing_message_end(self) -> Iterator[Unit]:
        if self.message:
            fault = Reject(-1, "UNT", "missing", "a message that ends with UNT")
            yield self._fault(self.message.opened, fault, self.message.row)
            self.message = None

    def _missing_group_end(self) -> Iterator[Unit]:
        if self.group:
            fault = Reject(-1, "UNE", "missing", "a group of messages that ends with UNE")
            yield self._fault(self.group.opened, fault, self.group.row)
            self.group = None

    def _missing_trailers(self) -> Iterator[Unit]:
        yield from self._missing_message_end()
        yield from self._missing_group_end()
        if self.interchange:
            fault = Reject(-1, "UNZ", "missing", "an interchange that ends with UNZ")
            yield self._fault(self.interchange.opened, fault, self.interchange.row)
            self.interchange = None
        for reference, (seen, number, mark) in self.series.items():
            # A series may go on in another file; one that began to come in this file is expected whole.
            if seen > 1 and mark == b"C":
                fault = Reject(-1, "UNH", f"the series ends with part {number} marked C", "a last part marked F")
                yield self._fault(reference, fault)
        self.series = {}

    def _fault(self, raw: bytes, fault: Reject, row: int | None = None) -> Unit:
        shown = self._text(raw).strip()[:SHOWN]
        return Unit(row or self.segment, masked(shown), len(shown), fault)

    def _forget(self) -> None:
        """Drop what was handed out, and of a region that is too long all but its beginning and its end."""
        if self.start > 0:
            self.text, self.at, self.start = self.text[self.start :], self.at - self.start, 0
        if self.start == 0 and len(self.text) > LONGEST_UNIT + SHOWN + _OVERLAP:
            dropped = self.text[SHOWN:-_OVERLAP]
            self.lost += len(dropped)
            self.lost_segments += dropped.count(self.marks.terminator.encode())
            self.text = self.text[:SHOWN] + self.text[-_OVERLAP:]
            self.at = SHOWN


@lru_cache(maxsize=64)
def _boundary(terminator: str, within: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """Where a segment begins that matters here."""
    names = b"|".join((*within, b"UNA(?=.)", b"UN[BGHTEZ]"))
    return re.compile(rb"(?:%s)\s*(%s)(?![A-Za-z0-9])" % (re.escape(terminator.encode()), names), re.DOTALL)
