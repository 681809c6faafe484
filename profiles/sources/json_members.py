"""The members of many JSON objects, looked up by dotted paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson


class Members:
    """The members of many documents, looked up path by path; what no document has is not looked for."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self._inside: dict[tuple[str, ...], list[dict[str, Any]]] = {(): documents}
        self._names: dict[tuple[str, ...], set[str]] = {}

    def values(self, paths: Sequence[str]) -> list[str]:
        """Of each document the value at the first of the dotted paths that leads to one; empty where none does."""
        found = [""] * len(self._inside[()])
        left: Sequence[int] = range(len(found))
        for prefix, name in (place for path in paths for place in _places(path)):
            if not left:
                break
            if name not in self._named(prefix):
                continue
            inside, empty = self._of(prefix), []
            for at in left:
                value = inside[at].get(name)
                if value is None:
                    empty.append(at)
                else:
                    found[at] = value.replace("\0", "") if isinstance(value, str) else _text(value)
            left = empty
        return found

    def _of(self, prefix: tuple[str, ...]) -> list[dict[str, Any]]:
        if prefix not in self._inside:
            around, name = self._of(prefix[:-1]), prefix[-1]
            parts = (one.get(name) for one in around)
            self._inside[prefix] = [part if isinstance(part, dict) else _NOTHING for part in parts]
        return self._inside[prefix]

    def _named(self, prefix: tuple[str, ...]) -> set[str]:
        if prefix not in self._names:
            known = not prefix or prefix[-1] in self._named(prefix[:-1])
            self._names[prefix] = set().union(*self._of(prefix)) if known else set()
        return self._names[prefix]


_NOTHING: dict[str, Any] = {}


def _places(path: str) -> list[tuple[tuple[str, ...], str]]:
    """A path as members inside members; a name with dots in it may also be just that."""
    *prefix, name = path.split(".")
    return [((), path), (tuple(prefix), name)] if prefix else [((), path)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else orjson.dumps(value).decode()
