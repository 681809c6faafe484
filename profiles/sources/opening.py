"""Opens a file: plain, gzip, or a zip archive of one file; UTF-16 is turned into UTF-8.

An archive that grows far more than data does is a bomb: it is read up to the limit, and the place is named.
"""

from __future__ import annotations

import codecs
import gzip
import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from profiles.sources.contract import WrongFile

BLOCK = 1 << 20
MOST_MEMBERS = 1000
# Feeds shrink to a tenth or a twentieth when packed; what grows two hundred times was not made by an airline.
MOST_GROWTH, GROWTH_IS_WATCHED_FROM = 200, 256 << 20


def open_source(path: Path) -> BinaryIO:
    """Open the file for reading.

    Raises WrongFile when there is no such file, or when it is a format nobody here reads.
    """
    try:
        raw: BinaryIO = path.open("rb")
    except OSError as error:
        raise WrongFile(f"{path}: cannot be read: {error.strerror}") from None
    head = raw.read(4)
    raw.seek(0)
    if head[:2] == b"\x1f\x8b":
        raw = _unpacked(raw, gzip.GzipFile(fileobj=raw), raw)
    elif head == b"PK\x03\x04":
        raw = _unpacked(raw, _only_member(path, raw), raw)
    head = raw.peek(4)[:4] if isinstance(raw, io.BufferedReader) else head
    if head == b"PAR1":
        raw.close()
        raise WrongFile(f"{path}: is Parquet; expected text")
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return cast(BinaryIO, _Transcoded(raw))
    return raw


@contextmanager
def unpacked_members(path: Path) -> Iterator[list[Path]]:
    """The file itself, or, of a zip archive of several files, each of them in a folder that goes with the block.

    Raises WrongFile for an archive that cannot be opened, has too many files, or grows as no data does.
    """
    if not zipfile.is_zipfile(path):
        yield [path]
        return
    with _opened_archive(path) as archive:
        members = _members(archive)
        if len(members) <= 1:
            yield [path]
            return
        if len(members) > MOST_MEMBERS:
            raise WrongFile(f"{path}: is a zip archive of {len(members)} files; at most {MOST_MEMBERS}")
        with tempfile.TemporaryDirectory(prefix="zip-") as folder:
            yield [_extracted(path, archive, member, Path(folder), nth) for nth, member in enumerate(members)]


@contextmanager
def _opened_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError) as error:
        raise WrongFile(f"{path}: is a zip archive that cannot be opened: {error}") from None
    with archive:
        yield archive


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]


def _extracted(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, nth: int) -> Path:
    """A folder a member: two of them may have the same name, and none may lead out of the folder."""
    name = Path(member.filename.replace("\\", "/")).name or "file"
    place = folder / str(nth) / name
    place.parent.mkdir()
    given = 0
    try:
        with archive.open(member) as packed, place.open("wb") as file:
            while block := packed.read(BLOCK):
                given += len(block)
                if given > GROWTH_IS_WATCHED_FROM and given > MOST_GROWTH * max(member.compress_size, 1):
                    raise WrongFile(f"{path}: {name} grows more than {MOST_GROWTH} times when unpacked")
                file.write(block)
    except (zipfile.BadZipFile, RuntimeError, zlib.error, EOFError) as error:
        raise WrongFile(f"{path}: {name} cannot be unpacked: {error}") from None
    return place


def damage_of(file: BinaryIO) -> str:
    """Why a packed file ended early, if it did; known once it was read to its end."""
    return str(getattr(getattr(file, "raw", None), "damage", ""))


def _only_member(path: Path, raw: BinaryIO) -> BinaryIO:
    try:
        archive = zipfile.ZipFile(raw)
        members = _members(archive)
        if len(members) != 1:
            raise WrongFile(f"{path}: is a zip archive of {len(members)} files; expected one file in it")
        return cast(BinaryIO, archive.open(members[0]))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError) as error:
        raise WrongFile(f"{path}: is a zip archive that cannot be opened: {error}") from None


def _unpacked(packed: BinaryIO, unpacking: Any, position: BinaryIO) -> io.BufferedReader:
    return io.BufferedReader(_Unpacked(packed, unpacking, position), BLOCK)


class _Unpacked(io.RawIOBase):
    """A packed file, unpacked as far as it is whole; `damage` says why it ended early, if it did."""

    def __init__(self, packed: BinaryIO, unpacking: Any, position: BinaryIO) -> None:
        self._packed, self._unpacking, self._position = packed, unpacking, position
        self._given = 0
        self.damage = ""

    def close(self) -> None:
        self._packed.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.damage:
            return 0
        try:
            part = self._unpacking.read1(len(buffer))
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
            self.damage = str(error)
            return 0
        self._given += len(part)
        if self._given > GROWTH_IS_WATCHED_FROM and self._given > MOST_GROWTH * max(self._position.tell(), 1):
            self.damage = f"it grows more than {MOST_GROWTH} times when unpacked, which no data does"
            return 0
        buffer[: len(part)] = part
        return len(part)


class _Transcoded(io.RawIOBase):
    """A UTF-16 file, read as UTF-8."""

    def __init__(self, raw: BinaryIO) -> None:
        self.raw = getattr(raw, "raw", None)  # says where a packed file underneath ends early
        self._text = io.TextIOWrapper(raw, encoding="utf-16", errors="replace", newline="")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._text.read(size).encode()

    def close(self) -> None:
        self._text.close()
        super().close()
