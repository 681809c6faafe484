"""The model catalogue: what serves, how good it was measured to be, and a button to train again."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from iaros.lib import clock, jobs
from iaros.lib.queues import Queue
from iaros.web.access import page
from iaros.web.reads import models as reads
from iaros.web.tables import as_csv, wants_csv

# The doorbell of the same act over the API, by name: pages import nothing of it.
RETRAIN_TASK = "segmentation.tasks.retrain"


@page("accounts.run_jobs")
def model_list(request: HttpRequest) -> HttpResponseBase:
    lines = reads.model_lines()
    if wants_csv(request):
        rows = (
            [
                line.spec.name,
                line.state[0],
                line.champion and line.champion.number,
                line.champion and line.champion.as_of,
                figure.name,
                figure.value,
            ]
            for line in lines
            for figure in reads.figures(line.champion or line.newest)
        )
        return as_csv("models", ["model", "state", "champion", "as_of", "figure", "value"], rows)
    context = {
        "title": "Models",
        "crumbs": [("Models", "")],
        "lines": lines,
        "serving": sum(1 for line in lines if line.champion),
        "recommenders": reads.recommenders(),
    }
    return render(request, "web/models/list.html", context)


@page("accounts.run_jobs")
def model_detail(request: HttpRequest, name: str) -> HttpResponseBase:
    line = reads.get_model(name)
    if line is None:
        raise Http404("No such model")
    versions = reads.versions(name)
    if wants_csv(request):
        rows = (
            [v.number, v.status, v.as_of, v.created_at, v.trained_by, figure.name, figure.value]
            for v in versions
            for figure in reads.figures(v)
        )
        header = ["version", "status", "as_of", "trained_at", "by", "figure", "value"]
        return as_csv(f"model-{name}", header, rows)
    shown = line.champion or line.newest
    context = {
        "title": line.spec.title,
        "crumbs": [("Models", "web:models"), (line.spec.title, "")],
        "line": line,
        "shown": shown,
        "figures": reads.figures(shown),
        "importance": shown.card.get("importance", [])[:10] if shown else [],
        "versions": versions,
        "speaking": reads.speaking(name),
    }
    return render(request, "web/models/detail.html", context)


@require_POST
@page("accounts.manage_models")
def retrain(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a new version: a job, which serves only if it passes its gate."""
    if reads.get_model(name) is None:
        raise Http404("No such model")
    params = {"model": name, "as_of": clock.now().isoformat(), "by": request.user.get_username()}
    job = jobs.start("model.retrain", params, owner=request.user, task=RETRAIN_TASK, queue=Queue.TRAINING)
    messages.success(request, "Training is queued. The new version serves only if it passes its gate.")
    return redirect("web:job-detail", job_id=job.id)
