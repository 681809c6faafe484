"""`manage.py codes list [TABLE]` and `codes load TABLE FILE`: what codes mean, and the airline's own table."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from iaros.lib.commands import Refused, ReportCommand
from profiles import corrections
from profiles.ingest import code_entries
from profiles.sources import codes


class Command(ReportCommand):
    help = "List code tables and their entries, or load the airline's own entries of one, which go before the defaults."

    def add_options(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        shown = acts.add_parser("list", help="the tables, or the entries of one")
        shown.add_argument("table", nargs="?", choices=sorted(codes.TABLES))
        loaded = acts.add_parser("load", help="make a CSV file the airline's own entries of a table, all of them")
        loaded.add_argument("table", choices=sorted(codes.TABLES))
        loaded.add_argument("file", type=Path)
        for act in (shown, loaded):
            said = "print one JSON document on stdout"
            act.add_argument("--json", action="store_true", dest="as_json", default=SUPPRESS, help=said)

    def report(self, *, act: str, table: str | None, file: Path | None = None, **options: Any) -> dict[str, Any]:
        if act == "load" and table and file:
            return _load(table, file)
        return {"table": table, "entries": _entries(table)} if table else {"tables": _tables()}

    def render(self, document: dict[str, Any]) -> None:
        if "tables" in document:
            for table in document["tables"]:
                self.stdout.write(
                    f"{table['name']}: {table['title']}, {table['defaults']} defaults, {table['own']} own"
                )
        elif isinstance(document["entries"], list):
            for entry in document["entries"]:
                words = (entry["carrier"], entry["code"], entry["meaning"], entry["title"])
                self.stdout.write(f"{'own' if entry['own'] else 'default'}: {' '.join(filter(None, words))}")
        else:
            told = [f"{document[name]:,} {name}" for name in ("added", "changed", "removed", "unchanged")]
            self.stdout.write(f"{document['table']}: {', '.join(told)}")


def _load(table: str, file: Path) -> dict[str, Any]:
    try:
        return asdict(corrections.load_codes(table=table, content=file.read_bytes(), by=None))
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from None
    except code_entries.CannotLoad as error:
        raise Refused(str(error)) from None


def _tables() -> list[dict[str, Any]]:
    return [
        {
            "name": table.name,
            "title": table.title,
            "meanings": list(table.meanings),
            "defaults": len(codes.defaults(table.name)),
            "own": len(code_entries.own_entries(table.name)),
        }
        for table in codes.TABLES.values()
    ]


def _entries(table: str) -> list[dict[str, Any]]:
    own = [{**asdict(code), "own": True} for code in code_entries.own_entries(table)]
    return [*own, *({**asdict(code), "own": False} for code in codes.defaults(table))]
