"""What a mapping of columns makes of the first rows of a file, before anything is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson

from profiles.sources.columns import split_header, table
from profiles.sources.contract import Connector, Field, Lines, WrongFile, plain


@dataclass(frozen=True)
class Preview:
    """What a mapping makes of the first rows of a file.

    `found`: the file's columns; `taken`: ours -> theirs; `missing`: required ones that no column tells; `rows`: values
    by our names; `faults`: (row, field, reason, expected). `problem` is set where the file is not of the feed at all.
    """

    found: list[str]
    taken: dict[str, str]
    missing: list[str]
    rows: list[dict[str, str | None]]
    faults: list[tuple[int, str, str, str]]
    problem: str = ""


def preview(
    source: Connector, mapping: Mapping[str, str], header: bytes | None, lines: Lines, found: Sequence[str]
) -> Preview:
    """Read some rows by a mapping that is not stored, and say what comes of it. Nothing is written."""
    taken = taken_by(source.fields, mapping, found)
    missing = [one.name for one in source.fields if one.required and one.name not in taken]
    try:
        columns = table(header, lines, source.fields, source.name, names=mapping)
        batch = (source.mapped(mapping) if source.mapped else source).read(header, lines)
    except WrongFile as error:
        return Preview(list(found), taken, missing, [], [], str(error))
    told = {one.name: columns.text(one.name, longest=10_000) for one in source.fields if one.name in taken}
    rows = [{name: values[at] for name, values in told.items()} for at in range(len(columns))]
    faults = [(int(lines.rows[r.line]), r.field, r.reason, r.expected) for r in batch.rejects]
    return Preview(list(found), taken, missing, rows, faults)


def names_in(header: bytes | None, lines: Lines) -> list[str]:
    """The file's own names: of its header, or of the members of its JSON objects, in the order in which they come."""
    if header is not None:
        return split_header(header)[0]
    found: dict[str, None] = {}
    for raw in lines.raw:
        with suppress(orjson.JSONDecodeError):
            document = orjson.loads(raw)
            found |= dict.fromkeys(document if isinstance(document, dict) else ())
    return list(found)


def taken_by(fields: Sequence[Field], mapping: Mapping[str, str], found: Sequence[str]) -> dict[str, str]:
    """Ours -> theirs: by the mapping, then by name and alias, without regard to case."""
    ours = {plain(theirs): our for theirs, our in mapping.items()}
    for one in fields:
        for name in (one.name, *one.aliases):
            ours.setdefault(plain(name), one.name)
    pairs = ((ours.get(plain(name)), name) for name in found)
    return dict(reversed([(our, theirs) for our, theirs in pairs if our]))


def suggested(fields: Sequence[Field], found: Sequence[str]) -> dict[str, str]:
    """Theirs -> ours where a column's words are those of one field: `Guest_LastName` is not, `pnr locator` may be."""
    words: dict[frozenset[str], list[str]] = defaultdict(list)
    for one in fields:
        for told in {_words(name) for name in (one.name, *one.aliases)}:
            words[told].append(one.name)
    pairs = ((name, words.get(_words(name), [])) for name in found)
    return {name: ours[0] for name, ours in pairs if len(set(ours)) == 1}


def _words(name: str) -> frozenset[str]:
    pairs = zip(f" {name}", name, strict=False)
    apart = "".join(f" {c}" if c.isupper() and not before.isupper() else c for before, c in pairs)
    return frozenset("".join(c if c.isalnum() else " " for c in apart).casefold().split())
