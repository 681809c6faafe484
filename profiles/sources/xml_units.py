"""A record an element of a given name, with the namespaces of what is around it.

Elements are cut out of the file as they stand, without being parsed, so that one that is broken takes no other with it.
What is around them is read by a parser that knows no entities; where it is not well-formed, that is named.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from profiles.sources.cards import masked
from profiles.sources.contract import Reject
from profiles.sources.opening import BLOCK, damage_of
from profiles.sources.units import LONGEST_UNIT, SHOWN, Unit, cut_off, fault_of

_DECLARATION = re.compile(rb"\s*<\?xml[^>]*?\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_COMMENTS = re.compile(rb"<!--.*?-->|<\?xml[^>]*\?>", re.DOTALL)
_XMLNS = re.compile(rb"\sxmlns(?::([\w.-]+))?\s*=")


def units(file: BinaryIO, *, within: Sequence[str]) -> Iterator[Unit]:
    """The elements with one of these local names. They hold no element of their own name."""
    first = file.read(BLOCK)
    decode = _decoder(first)
    scan = _Scan(within)
    block = first
    while block:
        yield from scan.feed(decode(block))
        block = file.read(BLOCK)
    yield from scan.finish(damage_of(file))


def _decoder(first: bytes) -> Any:
    """Turns blocks into UTF-8 where the declaration names another encoding."""
    declared = _DECLARATION.match(first.removeprefix(codecs.BOM_UTF8))
    named = _ENCODING.search(declared.group()) if declared else None
    name = named[1].decode().lower() if named else "utf-8"
    if name.startswith(("utf-8", "utf8", "us-ascii", "ascii", "utf-16")):  # UTF-16 was turned into UTF-8 before
        return bytes
    try:
        decoder = codecs.getincrementaldecoder(name)("replace")
    except LookupError:
        return bytes
    return lambda block: decoder.decode(block).encode()


class _Around:
    """What the parser tells of the elements around the records: the namespaces that they declare."""

    def __init__(self) -> None:
        self.namespaces: dict[str, str] = {}

    def start_ns(self, prefix: str | None, uri: str) -> None:
        self.namespaces[prefix or ""] = uri

    def close(self) -> None:
        return None


class _Scan:
    """Reads on block by block; `start` is where the record begins that is open, -1 where none is."""

    def __init__(self, within: Sequence[str]) -> None:
        self.name = within[0]
        names = b"|".join(re.escape(name.encode()) for name in within)
        quoted = rb"(?:\"[^\"]*\"|'[^']*'|[^\"'>])*"
        self.token = re.compile(
            rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<(?P<end>/?)(?:[\w.-]+:)?(?:%s)(?=[\s/>])%s(?P<alone>/?)>"
            % (names, quoted),
            re.DOTALL,
        )
        self.text, self.start, self.at, self.handed = b"", -1, 0, 0
        self.row, self.counted = 1, 0  # the line on which byte `counted` of `text` stands
        self.last_row, self.lost, self.begun = 0, 0, False
        self.found, self.shown = 0, b""
        self.around = _Around()
        self.parser: Any = DefusedXMLParser(target=self.around, forbid_dtd=True)
        self.broken, self.enveloped = "", False

    def feed(self, block: bytes) -> Iterator[Unit]:
        if not self.begun:
            block = block.removeprefix(codecs.BOM_UTF8)
            declared = _DECLARATION.match(block)
            self.row += block[: declared.end()].count(b"\n") if declared else 0
            block = block[declared.end() :] if declared else block.lstrip()
            self.begun, self.shown = True, block[:SHOWN]
        self.text += block
        for token in self.token.finditer(self.text, self.at):
            self.at = token.end()
            if token["end"] is None:
                continue
            if token["end"]:
                if self.start >= 0:
                    yield self._record(token.end())
                continue
            if self.start >= 0:
                yield self._unclosed(token.start())
            self._tell(token.start())
            self.start = token.start()
            if token["alone"]:
                yield self._record(token.end())
        self._forget()

    def finish(self, damage: str) -> Iterator[Unit]:
        rest = self.text[max(self.start, 0) :]
        if damage:
            yield cut_off(self._row_at(max(self.start, 0)), masked(rest), damage)
            return
        if self.start >= 0:
            yield self._unclosed(len(self.text))
            return
        self._tell(len(self.text))
        if not self.broken and self.enveloped:
            self._parse(None)
        if self.broken:
            fault = Reject(-1, "line", f"not well-formed: {self.broken}"[:200], "well-formed XML")
            yield Unit(self.last_row + 1, masked(self.shown), len(self.text), fault)
        elif not self.found:
            fault = Reject(-1, self.name, "missing", f"an element {self.name}")
            yield Unit(1, masked(self.shown), len(self.text), fault)

    def _tell(self, place: int) -> None:
        """Give the parser what is around the records."""
        around = self.text[self.handed : place]
        self.handed = place
        # Records that are documents of their own, one or many after each other, have nothing around them.
        if self.broken or (not self.enveloped and not _COMMENTS.sub(b"", around).strip()):
            return
        self.enveloped = True
        self._parse(around)

    def _parse(self, text: bytes | None) -> None:
        try:
            if text is None:
                self.parser.close()
            else:
                self.parser.feed(text)
        except (ParseError, DefusedXmlException, ValueError) as error:
            self.broken = str(error)

    def _record(self, end: int) -> Unit:
        raw = self.text[self.start : end]
        row, length = self._row_at(self.start), len(raw) + self.lost
        self.start, self.handed, self.found = -1, end, self.found + 1
        if self.lost:
            self.lost = 0
            return Unit(row, raw[:SHOWN], length, fault_of(b"", length))
        raw = masked(self._declared(raw))
        fault = fault_of(raw, length)
        return Unit(row, raw if len(raw) <= LONGEST_UNIT else raw[:SHOWN], length, fault)

    def _declared(self, raw: bytes) -> bytes:
        """The element with those namespaces declared that it uses and that were declared around it."""
        head_end = raw.index(b">")
        declared = {(prefix or b"").decode() for prefix in _XMLNS.findall(raw[:head_end])}
        added = b"".join(
            (f' xmlns:{prefix}="{uri}"' if prefix else f' xmlns="{uri}"').encode()
            for prefix, uri in self.around.namespaces.items()
            if prefix not in declared and (not prefix or f"{prefix}:".encode() in raw)
        )
        name = re.match(rb"<[^\s/>]+", raw)
        return raw[: name.end()] + added + raw[name.end() :] if name and added else raw

    def _unclosed(self, end: int) -> Unit:
        raw = self.text[self.start : end].rstrip()
        row, length = self._row_at(self.start), len(raw) + self.lost
        self.start, self.handed, self.lost, self.found = -1, end, 0, self.found + 1
        fault = Reject(-1, "line", f"not well-formed: <{self.name}> is not closed", f"</{self.name}>")
        return Unit(row, masked(raw[:SHOWN]), length, fault)

    def _row_at(self, place: int) -> int:
        """The line on which the record begins; of two on one line the second counts as on the next.

        Called with ascending places, so that every line is counted once.
        """
        self.row += self.text.count(b"\n", self.counted, place)
        self.counted = max(self.counted, place)
        self.last_row = max(self.row, self.last_row + 1)
        return self.last_row

    def _forget(self) -> None:
        """Drop what was handed out; of a record that is too long all but its beginning and its end."""
        opened = self.text.rfind(b"<")
        safe = len(self.text) if opened < 0 or b">" in self.text[opened:] else opened
        comment = max(self.text.rfind(b"<!--", self.at), self.text.rfind(b"<![CDATA[", self.at))
        self.at = max(self.at, min(safe, comment) if comment >= 0 else safe)
        if self.start < 0:
            self._tell(self.at)
        keep = self.start if self.start >= 0 else self.at
        self.row += self.text.count(b"\n", self.counted, keep)
        self.text, self.counted = self.text[keep:], max(self.counted - keep, 0)
        self.at, self.handed = self.at - keep, max(self.handed - keep, 0)
        self.start = 0 if self.start >= 0 else -1
        if self.start == 0 and len(self.text) > LONGEST_UNIT + SHOWN and self.at > 2 * SHOWN:
            dropped = self.text[SHOWN : self.at]
            self.lost += len(dropped)
            self.row += dropped.count(b"\n")
            self.text, self.at = self.text[:SHOWN] + self.text[self.at :], SHOWN
