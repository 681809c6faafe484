"""Long work: what runs, how far it is, how it ended, and a way to stop it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from iaros.lib import jobs as lib_jobs
from iaros.lib.models import JobState
from iaros.web.access import page
from iaros.web.reads import jobs as reads
from iaros.web.tables import as_csv, wants_csv

# What htmx takes for "stop asking": nothing on the page moves any more.
STOP_POLLING = 286


@page("accounts.run_jobs")
def job_list(request: HttpRequest) -> HttpResponseBase:
    filters = {"state": request.GET.get("state", ""), "kind": request.GET.get("kind", "")}
    if wants_csv(request):
        return _file(reads.all_lines(**filters))
    shown = reads.jobs_page(**filters, after=request.GET.get("after", ""))
    if request.htmx:  # type: ignore[attr-defined]
        status = 200 if shown.live else STOP_POLLING
        return render(request, "web/jobs/_rows.html", {"page": shown}, status=status)
    counts = reads.counts()
    context = {
        "title": "Jobs",
        "crumbs": [("Data", ""), ("Jobs", "")],
        "page": shown,
        "counts": counts,
        "states": JobState.choices,
        "kinds": reads.kinds(),
        **filters,
    }
    return render(request, "web/jobs/list.html", context)


def _file(lines: list[reads.JobLine]) -> HttpResponseBase:
    header = ["id", "kind", "state", "phase", "done", "total", "created_at", "started_at", "finished_at", "by"]
    rows = (
        [
            str(line.job.id),
            line.job.kind,
            line.job.state,
            line.job.phase,
            line.job.done,
            line.job.total,
            line.job.created_at,
            line.job.started_at,
            line.job.finished_at,
            line.started_by,
        ]
        for line in lines
    )
    return as_csv("jobs", header, rows)


@page("accounts.run_jobs")
def job_detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = reads.get_job(job_id)
    if job is None:
        raise Http404("No such job")
    line = reads.line(job)
    if request.htmx:  # type: ignore[attr-defined]
        status = STOP_POLLING if job.finished else 200
        return render(request, "web/jobs/_progress.html", {"line": line}, status=status)
    context = {
        "title": line.title,
        "crumbs": [("Data", ""), ("Jobs", "web:jobs"), (line.title, "")],
        "line": line,
    }
    return render(request, "web/jobs/detail.html", context)


@require_POST
@page("accounts.run_jobs")
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = reads.get_job(job_id)
    if job is None:
        raise Http404("No such job")
    lib_jobs.cancel(job)
    messages.success(request, "Asked to stop. It stops at its next step and keeps what is finished.")
    return redirect("web:job-detail", job_id=job.id)
