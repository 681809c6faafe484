"""A member of many JSON objects checked at once, as `json_lines` checks it of one.

Checking in columns takes a third of the time of checking one by one, and says only that something is wrong: the
caller then reads the objects one by one, so that the fault is named.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from profiles.sources.json_lines import EARLIEST, LATEST

Objects = Sequence[dict[str, Any]]


class Faulty(Exception):
    """One of the objects is not what it must be."""


def texts(objects: Objects, name: str, *, longest: int = 200) -> list[str]:
    """Trimmed texts, none of them empty. Raises Faulty."""
    try:
        found = list(map(str.strip, [one.get(name) for one in objects]))  # type: ignore[arg-type]
    except TypeError:
        raise Faulty(name) from None
    return _short(found, name, longest)


def optional_texts(objects: Objects, name: str, *, longest: int = 200) -> list[str | None]:
    """Trimmed texts, None where one is absent or empty. Raises Faulty."""
    values = [one.get(name) for one in objects]
    if not any(values):
        if not all(value is None or value == "" for value in values):
            raise Faulty(name)
        return [None] * len(values)
    try:
        found = [None if value is None else str.strip(value) or None for value in values]
    except TypeError:
        raise Faulty(name) from None
    _short([value for value in found if value is not None], name, longest)
    return found


def _short(found: list[str], name: str, longest: int) -> list[str]:
    if found and ("" in found or max(map(len, found)) > longest or "\0" in "".join(found)):
        raise Faulty(name)
    return found


def wholes(objects: Objects, name: str, low: int, high: int) -> list[int]:
    """Whole numbers. Raises Faulty."""
    found = [one.get(name) for one in objects]
    return _bounded(found, name, low, high)  # type: ignore[arg-type]


def optional_wholes(objects: Objects, name: str, low: int, high: int) -> list[int | None]:
    """Whole numbers, None where one is absent. Raises Faulty."""
    found = [one.get(name) for one in objects]
    _bounded([value for value in found if value is not None], name, low, high)
    return found


def _bounded(found: list[int], name: str, low: int, high: int) -> list[int]:
    if found and (set(map(type, found)) != {int} or min(found) < low or max(found) > high):
        raise Faulty(name)
    return found


def each_of(objects: Objects, name: str, allowed: Collection[str]) -> list[str]:
    """Values that are all allowed. Raises Faulty."""
    found = [one.get(name) for one in objects]
    if not all(value in allowed for value in found):
        raise Faulty(name)
    return found  # type: ignore[return-value]


def moments(objects: Objects, name: str) -> list[datetime]:
    """ISO moments with their offsets. Raises Faulty."""
    try:
        found = list(map(datetime.fromisoformat, [one.get(name) for one in objects]))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Faulty(name) from None
    if not all(at.tzinfo and EARLIEST.year < at.year < LATEST.year - 1 for at in found):
        raise Faulty(name)
    return found


def parts(objects: Objects, name: str, *, most: int = 200) -> tuple[list[dict[str, Any]], list[int]]:
    """The objects in a list of each object, run together, and how many each has. Raises Faulty."""
    lists: list[Any] = [one.get(name) for one in objects]
    if not set(map(type, lists)) <= {list, type(None)}:
        raise Faulty(name)
    found = [item for each in lists if each for item in each]
    counts = [len(each) if each else 0 for each in lists]
    if not set(map(type, found)) <= {dict} or max(counts, default=0) > most:
        raise Faulty(name)
    return found, counts
