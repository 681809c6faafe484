"""What the JSON feeds share: an object a line, read with checks that name the field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from profiles.sources.contract import Lines, Reject

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)


class Unreadable(Exception):
    """A field of an object is not what it must be."""

    def __init__(self, field: str, value: Any, expected: str) -> None:
        shown = "missing" if value is None else repr(value)[:60]
        super().__init__(f"{field}: {shown}; expected {expected}")
        self.field, self.reason, self.expected = field, shown, expected


def objects(lines: Lines, rejects: list[Reject], take: Callable[[int, dict[str, Any]], None]) -> None:
    """Call `take(line, object)` for each line; a line that is no object, or that `take` calls Unreadable, is rejected.

    `take` must append to its columns only after all its checks have passed.
    """
    for index, raw in enumerate(lines.raw):
        try:
            document = orjson.loads(raw)
            if not isinstance(document, dict):
                raise Unreadable("line", document, "a JSON object")
            take(index, document)
        except orjson.JSONDecodeError as error:
            rejects.append(
                Reject(index, "line", f"not JSON: {error.msg} at position {error.pos + 1}"[:200], "a JSON object")
            )
        except Unreadable as error:
            rejects.append(Reject(index, error.field, error.reason, error.expected))


def text(document: dict[str, Any], name: str, *, longest: int = 200, required: bool = True, path: str = "") -> Any:
    """A trimmed string, or None when it is optional and absent."""
    value = document.get(name)
    if isinstance(value, str):
        value = value.strip()
        if 0 < len(value) <= longest and "\0" not in value:
            return value
    if value is None or value == "":
        if required:
            raise Unreadable(path + name, None, "a text")
        return None
    raise Unreadable(path + name, value, f"a text of at most {longest} characters")


def one_of(
    document: dict[str, Any], name: str, allowed: tuple[str, ...], *, required: bool = True, path: str = ""
) -> Any:
    value = document.get(name)
    if value is None and not required:
        return None
    if value not in allowed:
        raise Unreadable(path + name, value, f"one of {', '.join(allowed)}")
    return value


def whole(document: dict[str, Any], name: str, low: int, high: int, *, required: bool = True, path: str = "") -> Any:
    value = document.get(name)
    if type(value) is int and low <= value <= high:
        return value
    if value is None and not required:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Unreadable(path + name, value, f"a whole number from {low:,} to {high:,}")
    return value


def moment(document: dict[str, Any], name: str, *, path: str = "") -> datetime:
    """An ISO moment with its offset; kept with the offset, since the airport's clock matters."""
    value = document.get(name)
    try:
        at = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise Unreadable(path + name, value, "a moment with offset as 2026-10-31T09:14:00+01:00") from None
    if at.tzinfo is None or not (EARLIEST.year < at.year < LATEST.year - 1 or EARLIEST <= at < LATEST):
        raise Unreadable(path + name, value, "a moment with offset between 1900 and 2100")
    return at


def part(document: dict[str, Any], name: str, expected: str = "an object or null") -> dict[str, Any]:
    """The object inside the object; an empty one where it is absent."""
    value = document.get(name)
    if value is not None and not isinstance(value, dict):
        raise Unreadable(name, value, expected)
    return value or {}


def parts(document: dict[str, Any], name: str, *, most: int = 200) -> Iterable[tuple[str, dict[str, Any]]]:
    """The objects of a list, each with the path that names it in an error."""
    value = document.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > most:
        raise Unreadable(name, value, f"a list of at most {most} objects")
    if set(map(type, value)) <= {dict}:
        return zip(_paths(name, most), value, strict=False)
    return _until_none(value, name, most)


def _until_none(value: list[Any], name: str, most: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects up to the first that is none: what is wrong with one before it is named first."""
    for index, (path, item) in enumerate(zip(_paths(name, most), value, strict=False)):
        if not isinstance(item, dict):
            raise Unreadable(f"{name}[{index}]", item, "an object")
        yield path, item


@lru_cache(maxsize=1_000)
def _paths(name: str, most: int) -> tuple[str, ...]:
    return tuple(f"{name}[{index}]." for index in range(most))


def utc(at: datetime) -> datetime:
    """Naive UTC, as numpy takes it."""
    offset = at.utcoffset()
    return at.replace(tzinfo=None) - offset if offset else at.replace(tzinfo=None)


def scanned(lines: Lines, key: Callable[[dict[str, Any]], str]) -> tuple[NDArray[np.int64], list[str]]:
    """The indices of the lines that have a key, and their keys; faults are named when the line is read in full."""
    found, keys = [], []
    for index, raw in enumerate(lines.raw):
        try:
            keys.append(str(key(orjson.loads(raw))))
            found.append(index)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            continue
    return np.array(found, dtype=np.int64), keys
