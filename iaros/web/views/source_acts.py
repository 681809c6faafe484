"""What people do with sources: load a file, look at a difference, take a run back, mend rows, read what was sent."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from iaros.accounts.models import User
from iaros.lib import jobs
from iaros.lib.ids import uuid7
from iaros.lib.models import Job
from iaros.lib.queues import Queue
from iaros.web.access import page
from iaros.web.purposes import purpose_of
from iaros.web.reads import sources as reads
from privacy import audit
from profiles import deliveries, raw_records, replaying
from profiles.deliveries import CannotReceive
from profiles.ingest import mending
from profiles.ingest.mending import CannotMend
from profiles.models import Way
from profiles.sources.catalogue import CONNECTORS

ROLL_BACK_TASK = "profiles.roll_back"
SOURCES = ("Sources and quality", "web:sources")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@page("profiles.load_files")
def upload(request: HttpRequest) -> HttpResponse:
    """A file from somebody's machine: tried first, or taken in at once; either way a job that shows how far it is."""
    context = {
        "title": "Load a file",
        "crumbs": [("Data", ""), SOURCES, ("Load a file", "")],
        "sources": sorted(CONNECTORS.values(), key=lambda connector: connector.title),
        "chosen": request.GET.get("source", ""),
    }
    if request.method != "POST":
        return render(request, "web/sources/upload.html", context)
    file = request.FILES.get("file")
    if file is None:
        return render(request, "web/sources/upload.html", {**context, "problem": "Choose a file."}, status=422)
    user = _person(request)
    key = str(uuid7())
    kept, at = None, 0
    try:
        for chunk in file.chunks(deliveries.PART_BYTES):
            kept = deliveries.receive(
                chunk,
                source=request.POST.get("source", ""),
                name=file.name or "file",
                way=Way.UPLOAD,
                sender=user.get_username(),
                key=key,
                starts_at=at,
                size=file.size,
                owner=user,
                dry_run=request.POST.get("act") == "try",
            )
            at += len(chunk)
    except CannotReceive as error:
        return render(request, "web/sources/upload.html", {**context, "problem": str(error)}, status=422)
    if kept is None or kept.job_id is None:
        return render(request, "web/sources/upload.html", {**context, "problem": "The file is empty."}, status=422)
    return redirect("web:source-trial", job_id=kept.job_id) if kept.dry_run else redirect("web:job-detail", kept.job_id)


@page("profiles.load_files")
def trial(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """What a file would change, once its dry run is over; until then, how far it is."""
    job = Job.objects.filter(id=job_id, kind="ingest").first()
    if job is None:
        raise Http404("No such dry run")
    if not job.finished or not (job.result or {}).get("files"):
        return redirect("web:job-detail", job_id)
    context = {
        "title": "What this file would change",
        "crumbs": [("Data", ""), SOURCES, ("Dry run", "")],
        "job": job,
        "files": (job.result or {})["files"],
        "tried": reads.tried(job.id),
    }
    return render(request, "web/sources/trial.html", context)


@require_POST
@page("profiles.load_files")
def take_in(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Take in the file that was tried."""
    delivery = reads.tried(job_id)
    try:
        job = deliveries.take_after_trial(delivery.id if delivery else job_id, by=_person(request))
    except CannotReceive as error:
        messages.error(request, str(error))
        return redirect("web:source-trial", job_id)
    return redirect("web:job-detail", job.id)


@require_POST
@page("profiles.roll_back_runs")
def roll_back(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Take a run back, as a job: what stands in the way is said there."""
    if reads.get_run(run_id) is None:
        raise Http404("No such run")
    params = {"run": str(run_id), "later": request.POST.get("later") == "yes"}
    job = jobs.start("rollback", params, owner=_person(request), task=ROLL_BACK_TASK, queue=Queue.BATCH)
    return redirect("web:job-detail", job.id)


@require_POST
@page("profiles.mend_rows")
def replay(request: HttpRequest, name: str) -> HttpResponse:
    """Take in again what waits of a source, or the one row that is named."""
    if name not in CONNECTORS:
        raise Http404("No such source")
    row = request.POST.get("row", "")
    params = {"rows": [row] if row else [], "source": "" if row else name, "code_table": ""}
    job = jobs.start("replay", params, owner=_person(request), task=replaying.TASK, queue=Queue.BATCH)
    return redirect("web:job-detail", job.id)


@require_POST
@page("profiles.mend_rows")
def mend_all(request: HttpRequest, name: str) -> HttpResponse:
    """Replace a value in a field of all rows of a source that wait for the same reason."""
    if name not in CONNECTORS:
        raise Http404("No such source")
    asked = {key: request.POST.get(key, "") for key in ("reason", "field", "was", "becomes")}
    rows = [row for row in replaying.waiting(source=name) if row.reason == asked["reason"]]
    done = mending.edit_all(
        mending.with_content(rows),
        field=asked["field"],
        was=asked["was"],
        becomes=asked["becomes"],
        by=_person(request),
    )
    said = f"{done.mended} rows mended; {done.still_faulty} still cannot be read, {done.untouched} hold another value."
    messages.success(request, said) if done.mended else messages.warning(request, said)
    return redirect("web:source", name)


@page("profiles.mend_rows")
def waiting_row(request: HttpRequest, row_id: UUID) -> HttpResponseBase:
    """A waiting row: its text for those who may see it, an edit that is checked before it is saved."""
    row = reads.get_row(row_id)
    if row is None:
        raise Http404("No such row")
    user, purpose = _person(request), purpose_of(request)
    sees = user.has_perm("profiles.view_raw")
    problem, text = "", None
    if request.method == "POST" and sees:
        text = request.POST.get("text", "").replace("\r\n", "\n")
        try:
            mending.edit(row_id, text=text, by=user)
            messages.success(request, "Saved. It goes in when it is taken in again.")
            return redirect("web:source-row", row_id)
        except CannotMend as error:
            problem = str(error)
    opened = reads.opened_row(row_id) if sees else None
    if opened:
        details = {"row": str(row_id)}
        audit.reads("quarantined row", ids=[], purpose=purpose, actor=user, route=request.path, details=details)
    name = reads.name_of(row.source_id)
    context = {
        "title": f"Row {row.row:,}",
        "crumbs": [("Data", ""), SOURCES, (f"Row {row.row:,}", "")],
        "row": row,
        "name": name,
        "source": CONNECTORS[name].title if name in CONNECTORS else name,
        "opened": opened,
        "text": text if text is not None else (opened.text if opened else ""),
        "problem": problem,
    }
    return render(request, "web/sources/row.html", context, status=422 if problem else 200)


@require_POST
@page("profiles.mend_rows")
def discard_row(request: HttpRequest, row_id: UUID) -> HttpResponse:
    """Let a row go, with a reason."""
    row = reads.get_row(row_id)
    if row is None:
        raise Http404("No such row")
    try:
        mending.discard([row_id], reason=request.POST.get("reason", ""), by=_person(request))
    except CannotMend as error:
        messages.error(request, str(error))
        return redirect("web:source-row", row_id)
    messages.success(request, "Discarded; the audit trail says why.")
    return redirect("web:source", reads.name_of(row.source_id))


@page("profiles.view_raw")
def raw_record(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """What a source sent about somebody, word by word, beside what was read of it."""
    purpose = purpose_of(request)
    record = raw_records.get_record(record_id, purpose=purpose)
    if record is None:
        raise Http404("No such record")
    audit.reads(
        "raw record",
        ids=[record.customer_id],
        purpose=purpose,
        actor=_person(request),
        route=request.path,
        details={"record": str(record_id)},
    )
    connector = CONNECTORS[record.source]
    context = {
        "title": f"{connector.title}, as it came",
        "crumbs": [("Data", ""), SOURCES, (connector.title, "")],
        "record": record,
        "connector": connector,
    }
    return render(request, "web/sources/record.html", context)
