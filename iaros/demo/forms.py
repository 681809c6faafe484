"""The forms of files: how a source system puts its records one after another."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

Row = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """What stands before the first record, between two, and after the last; and how a record is written."""

    write: Callable[[Row], bytes]
    before: bytes = b""
    between: bytes = b"\n"
    after: bytes = b"\n"

    @contextmanager
    def open(self, path: Path) -> Iterator[Callable[[list[Row]], None]]:
        """Write a file of this form; call what is given with the rows of each block."""
        with path.open("wb") as file:
            file.write(self.before)
            begun = False

            def put(rows: list[Row]) -> None:
                nonlocal begun
                for row in rows:
                    file.write((self.between if begun else b"") + self.write(row))
                    begun = True

            yield put
            file.write(self.after)


# An object a line.
LINES = Form(orjson.dumps)


def listed(member: str = "") -> Form:
    """An array of objects, by itself or as a member of an envelope."""
    around = (f'{{"{member}": ['.encode(), b"]}\n") if member else (b"[", b"]\n")
    return Form(orjson.dumps, around[0], b",\n", around[1])


def table(names: Sequence[str], separator: str = ",") -> Form:
    """A CSV with a head; a value that is None is an empty field."""

    def write(row: Row) -> bytes:
        return _line([row.get(name) for name in names], separator)

    return Form(write, _line(names, separator) + b"\n")


def _line(values: Sequence[Any], separator: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="").writerow(["" if v is None else v for v in values])
    return text.getvalue().encode()
