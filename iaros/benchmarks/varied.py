"""Makes a drawn file longer: the same records again under other native keys, the values people have left as drawn.

The demo writes thousands of bookings and web events, and some dozens of surveys. To time a feed on thousands of records
its file is repeated, each time with the identifiers in its native keys changed: letters stay letters, digits digits.
Only lines, tables, JSON, XML, EDIFACT and teletype can be put after one another; anything else stays as it was drawn.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import orjson

from profiles.sources import reading
from profiles.sources.contract import Connector, Framing

_WORD = re.compile(rb"[A-Za-z0-9_-]{5,}")
_DATE = re.compile(rb"\d{4}-\d\d(-\d\d)?|\d{6}")
_UUID = 36
_STRIDE = 7_368_760  # ten times a multiple of seven: check digits of tickets stay right
_KEPT = 3  # the first characters of an identifier say what it is of: an airline, a kind of object


def vary(path: Path, connector: Connector, into: Path, *, wanted: int, most_bytes: int, first: int = 0) -> Path:
    """Write the records of `path` into `into` until there are about `wanted`, or the file is so long.

    Returns the file to read.

    `first` is the number of the first copy: files of different numbers share no identifiers. A file that cannot be
    made longer is returned itself.
    """
    header = reading.header_of(path, connector)
    chunks = list(reading.chunks(path, connector, header))
    units = sum(len(chunk.lines.raw) for chunk in chunks)
    words = _identifiers(connector, header, chunks)
    parts = _parts(path.read_bytes(), connector, header)
    if not words or parts is None or not units:
        return path
    before, body, between, after = parts
    with into.open("wb") as file:
        file.write(before)
        for nth in range(max(1, min(-(-wanted // units), most_bytes // len(body)))):
            file.write((between if nth else b"") + _again(body, words, first + nth))
        file.write(after)
    return into


def some_keys(path: Path, connector: Connector) -> list[str]:
    """The native keys of the file's first chunk, by which two files can be told to hold different records."""
    header = reading.header_of(path, connector)
    first = next(reading.chunks(path, connector, header), None)
    return connector.scan(header, first.lines)[1] if first else []


def _identifiers(connector: Connector, header: bytes | None, chunks: list[reading.Chunk]) -> set[bytes]:
    """Of each native key the first piece that looks like an identifier and stands in the record."""
    found: set[bytes] = set()
    for chunk in chunks:
        for line, key in zip(*connector.scan(header, chunk.lines), strict=True):
            raw = chunk.lines.raw[line]
            pieces = (piece.encode() for part in re.split(r"[/|:]", key) for piece in (part, *part.split("-")))
            found.update(islice((piece for piece in pieces if _is_identifier(piece) and piece in raw), 1))
    return found


def _is_identifier(piece: bytes) -> bool:
    plain = bool(_WORD.fullmatch(piece)) and not _DATE.fullmatch(piece)
    return plain and (any(48 <= c <= 57 for c in piece) or (piece.isupper() and len(piece) == 6))


def _parts(text: bytes, connector: Connector, header: bytes | None) -> tuple[bytes, bytes, bytes, bytes] | None:
    """What stands before the records, the records, what stands between two copies of them, and after; None for no."""
    if connector.framing in (Framing.EDIFACT, Framing.TELETYPE):
        return b"", text, b"", b""
    if connector.framing is Framing.LINES or header:
        end = text.index(b"\n") + 1 if header else 0
        return text[:end], text[end:].rstrip(b"\n") + b"\n", b"", b""
    if connector.framing in (Framing.TABLE, Framing.JSON):
        return _listed(text)
    if connector.framing is Framing.XML:
        return _elements(text, connector.within)
    return None


def _listed(text: bytes) -> tuple[bytes, bytes, bytes, bytes] | None:
    """An array of objects, or an envelope with one, or an object a line."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return b"", text.rstrip(b"\n") + b"\n", b"", b""
    begin, end = text.index(b"[") + 1, text.rindex(b"]")
    return text[:begin], text[begin:end], b",", text[end:]


def _elements(text: bytes, within: tuple[str, ...]) -> tuple[bytes, bytes, bytes, bytes] | None:
    names = "|".join(within).encode()
    first = re.search(rb"<(?:\w+:)?(?:" + names + rb")[\s>]", text)
    ends = [found.end() for found in re.finditer(rb"</(?:\w+:)?(?:" + names + rb")>", text)]
    return (text[: first.start()], text[first.start() : ends[-1]], b"\n", text[ends[-1] :]) if first and ends else None


def _again(body: bytes, words: set[bytes], nth: int) -> bytes:
    if not nth:
        return body
    changed = {word: _moved_on(word, nth) for word in words}

    def change(found: re.Match[bytes]) -> bytes:
        word = found[0]
        # On a boarding pass a letter is glued to the front of the locator.
        return changed.get(word) or word[:1] + changed.get(word[1:], word[1:])

    return _WORD.sub(change, body)


def _moved_on(word: bytes, nth: int) -> bytes:
    """Another identifier of the same form: so many places further on in its own letters and digits."""
    if len(word) != _UUID and (b"-" in word or b"_" in word):
        return word + b"-%d" % nth
    out, by = bytearray(word), nth * _STRIDE
    for at in range(len(out) - 1, min(_KEPT, len(out) - 3) - 1, -1):
        low, base = next(((low, base) for low, base in _RANGES if low <= out[at] < low + base), (0, 0))
        if base:
            by, digit = divmod(by + out[at] - low, base)
            out[at] = low + digit
    return bytes(out)


_RANGES = ((ord("0"), 10), (ord("A"), 26), (ord("a"), 6))  # small letters only as hexadecimal digits have them
