"""Feeds and their runs."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from iaros.web.access import page
from iaros.web.reads import sources as reads
from iaros.web.tables import as_csv, wants_csv
from profiles.models import RunState
from profiles.sources.catalogue import CONNECTORS

_RUN_HEADER = [
    "source",
    "file",
    "state",
    "read",
    "new",
    "updated",
    "unchanged",
    "quarantined",
    "seconds",
    "started_at",
]


@page("accounts.run_jobs")
def source_list(request: HttpRequest) -> HttpResponseBase:
    lines = reads.source_lines()
    if wants_csv(request):
        header = ["source", "state", "last_run", "rows_of_last_run", "rejected_rate", "rows_waiting", "trust"]
        rows = (
            [x.name, x.state[0], x.last and x.last.started_at, x.rows, x.rejected_rate, x.waiting, x.trust]
            for x in lines
        )
        return as_csv("sources", header, rows)
    loaded = [line for line in lines if line.last]
    read = sum(line.rows for line in loaded)
    rejected = sum(line.rejected for line in loaded)
    context = {
        "title": "Sources and quality",
        "crumbs": [("Data", ""), ("Sources and quality", "")],
        "lines": lines,
        "loaded": len(loaded),
        "loaded_share": len(loaded) / len(lines) if lines else 0,
        "read": read,
        "rejected": rejected,
        "rejected_rate": rejected / read if read else None,
        "rejected_limit": reads.WATCH_REJECTED,
        "rejected_of_limit": rejected / read / reads.WATCH_REJECTED if read else 0,
        "waiting": sum(line.waiting for line in lines),
        "broken": sum(line.broken for line in lines),
        "runs": reads.runs(limit=10),
        "as_of": reads.as_of(),
    }
    return render(request, "web/sources/list.html", context)


@page("accounts.run_jobs")
def source_detail(request: HttpRequest, name: str) -> HttpResponseBase:
    if name not in CONNECTORS:
        raise Http404("No such source")
    connector = CONNECTORS[name]
    if wants_csv(request, "runs"):
        return as_csv(f"{name}-runs", _RUN_HEADER, map(_run_row, reads.runs(name, limit=None)))
    rules = reads.rule_lines(name)
    context = {
        "title": connector.title,
        "crumbs": [("Data", ""), ("Sources and quality", "web:sources"), (connector.title, "")],
        "name": name,
        "connector": connector,
        "takes_own_names": connector.mapped is not None,
        "runs": reads.runs(name),
        "rules": rules,
        "overall": next((line for line in rules if line.dimension == "Overall"), None),
        "waiting": reads.waiting_groups(name),
    }
    return render(request, "web/sources/detail.html", context)


def _run_row(line: reads.RunLine) -> list[object]:
    run = line.run
    return [
        line.source,
        run.file_name,
        run.state,
        run.read,
        run.new,
        run.updated,
        run.unchanged,
        run.quarantined,
        run.seconds,
        run.started_at,
    ]


@page("accounts.run_jobs")
def run_detail(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    line = reads.get_run(run_id)
    if line is None:
        raise Http404("No such run")
    if wants_csv(request):
        rows = ([row.row, row.field, row.reason, row.expected] for row in reads.quarantined(run_id, limit=None))
        return as_csv("quarantined-rows", ["row", "field", "reason", "expected"], rows)
    after = request.GET.get("after", "")
    rows_shown = reads.quarantined(run_id, after=int(after) if after.isdigit() else 0)
    acts = [
        ("New", line.run.new, "ok", "first seen"),
        ("Updated", line.run.updated, "accent", "at least one field differs"),
        ("Unchanged", line.run.unchanged, "", "content hash equal, nothing written"),
        ("Quarantined", line.run.quarantined, "bad", "held until repaired, nothing lost"),
    ]
    context = {
        "title": f"{line.title}, {line.run.file_name}",
        "crumbs": [
            ("Data", ""),
            ("Sources and quality", "web:sources"),
            (f"{line.title}, run", ""),
        ],
        "line": line,
        "acts": [(*act, act[1] / line.run.read if line.run.read else 0) for act in acts],
        "reasons": reads.reasons(run_id),
        "difference": reads.difference_of(line.run),
        "may_go": line.run.state not in (RunState.RUNNING, RunState.ROLLED_BACK),
        "rows": rows_shown,
        "next_after": rows_shown[-1].row if len(rows_shown) == reads.PAGE else "",
    }
    return render(request, "web/sources/run.html", context)
