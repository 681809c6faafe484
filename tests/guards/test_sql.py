"""Reading a table upstream is allowed; writing it belongs to its owner."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from tests.guards.house import ROOT, files, named, sources, told, tree

_WRITES = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM(?:\s+ONLY)?|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)"
    r"\s+\"?([a-z][a-z0-9_]+)\"?"
)


def test_sql__writes_only_tables_of_its_own_app() -> None:
    owners = {table: _room(Path(str(apps.get_app_config(label).path))) for table, label in _tables().items()}
    faults = [
        f"{named(path)} writes {table}"
        for path, text in _texts()
        for table in _WRITES.findall(text)
        if table in owners and owners[table] != _room(path)
    ]

    assert not faults, told(faults, "Ask the owner: call a function of the app whose table it is:")


def test_copies__write_only_tables_of_its_own_app() -> None:
    owners = {table: _room(Path(str(apps.get_app_config(label).path))) for table, label in _tables().items()}
    faults = [
        f"{named(path)}:{call.lineno} copies into {table}"
        for path in sources()
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "copy_in"
        for table in (a.value for a in call.args if isinstance(a, ast.Constant))
        if table in owners and owners[table] != _room(path)
    ]

    assert not faults, told(faults, "Ask the owner: call a function of the app whose table it is:")


def test_sql_files__say_what_they_read_and_write() -> None:
    faults = [named(path) for path in files() if path.suffix == ".sql" and not path.read_text().startswith("--")]

    assert not faults, told(faults, "Begin the file with a comment: what it makes, what it reads, what it writes:")


def _tables() -> dict[str, str]:
    return {model._meta.db_table: model._meta.app_label for model in apps.get_models(include_auto_created=True)}


def _room(path: Path) -> str:
    """The app a path lies in: the first folder, or the second inside iaros."""
    parts = (path if path.is_absolute() else ROOT / path).resolve().relative_to(ROOT.resolve()).parts
    return ".".join(parts[:2]) if parts[0] == "iaros" else parts[0]


def _texts() -> Iterator[tuple[Path, str]]:
    for path in files():
        if path.suffix == ".sql":
            yield path, path.read_text()
    for path in sources():
        if path.parent.name != "migrations":
            yield from ((path, text) for text in _strings(tree(path)))


def _strings(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else " ? " for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
