"""The map of behavioural groups, and a button to look for them again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from iaros.lib import jobs
from iaros.lib.queues import Queue
from iaros.web.access import page
from iaros.web.reads import clusters as reads
from iaros.web.tables import as_csv, wants_csv

# The doorbell by name: pages import nothing of it.
LOOK_TASK = "segmentation.find_clusters"
_HEADER = ["macro", "group", "people_estimate", "share", "stability", "confidence", "distinct", "active"]
_HEADER += ["churn_90d", "value_12m", "rule", "rule_precision", "rule_recall"]


@page("segmentation.view_segment")
def cluster_map(request: HttpRequest) -> HttpResponseBase:
    found, running = reads.newest()
    if wants_csv(request):
        rows = (
            [
                *[macro.name, one.name, one.people, one.share, one.stability, one.confidence, one.distinct],
                *[one.active, one.churn, one.value, one.words, one.precision, one.recall],
            ]
            for macro in (found.macros if found else [])
            for one in macro.tiles
        )
        return as_csv("clusters", _HEADER, rows)
    context = {
        "title": "Clusters",
        "crumbs": [("Segments", "web:segments"), ("Clusters", "")],
        "tab": "clusters",
        "map": found,
        "running": running,
        "may_build": request.user.has_perm("segmentation.add_segment"),  # type: ignore[union-attr]
        "may_look": request.user.has_perm("segmentation.publish_segment"),  # type: ignore[union-attr]
    }
    return render(request, "web/segments/clusters.html", context)


@require_POST
@page("segmentation.publish_segment")
def look(request: HttpRequest) -> HttpResponse:
    """Look for groups again: a job; the map that stands stays until it has ended well."""
    job = jobs.start(reads.JOB, {"seed": 1}, owner=request.user, task=LOOK_TASK, queue=Queue.TRAINING)
    messages.success(request, "Looking for groups is queued. The map that stands stays until it has ended well.")
    return redirect("web:job-detail", job_id=job.id)
