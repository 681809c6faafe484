"""Tables as files: streamed, complete, and harmless when a spreadsheet opens them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse

# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def safe_cell(value: Any) -> Any:
    """The value as a spreadsheet may see it: text that would run as a formula gets a quote before it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


class _Line:
    """A file that hands back what is written to it, so that csv can be streamed."""

    def write(self, text: str) -> str:
        return text


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(header)  # type: ignore[operator]
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])  # type: ignore[misc]


def wants_csv(request: HttpRequest, table: str = "") -> bool:
    """`?format=csv`, or `?format=csv&table=name` on a page with several tables."""
    return request.GET.get("format") == "csv" and request.GET.get("table", table) == table


def may_export(request: HttpRequest) -> None:
    """Files of people are only for those who may export; the page says so to others."""
    if not request.user.has_perm("accounts.export_data"):  # type: ignore[union-attr]
        raise PermissionDenied("accounts.export_data")


# More is work for the API, which pages.
MOST_ROWS = 50_000
ONE_MORE = MOST_ROWS + 1  # what to ask for, so that a file that ends early can say so


def _whole_or_said(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            yield [f"Cut off after {MOST_ROWS:,} rows: there are more. Narrow the list, or read it by the API."]
            return
        yield row


def as_csv(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """The table as a file. After 50,000 rows it ends, and its last line says so."""
    return StreamingHttpResponse(
        _lines(header, _whole_or_said(rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
