"""The map of behavioural groups, a button to look for them again, and what is done with the segments they are."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from iaros.accounts.models import User
from iaros.lib import clock, jobs
from iaros.lib.queues import Queue
from iaros.web.access import page
from iaros.web.formats import day
from iaros.web.reads import clusters as reads
from iaros.web.tables import as_csv, wants_csv
from privacy import audit
from segmentation.models import Segment, SegmentKind
from segmentation.segments import publishing
from segmentation.segments.clusters import living

# The doorbell by name: pages import nothing of it.
LOOK_TASK = "segmentation.find_clusters"
_HEADER = ["macro", "group", "people_estimate", "share", "stability", "confidence", "distinct", "active"]
_HEADER += ["churn_90d", "value_12m", "rule", "rule_precision", "rule_recall", "segment", "held_back"]


@page("segmentation.view_segment")
def cluster_map(request: HttpRequest) -> HttpResponseBase:
    found, running = reads.newest()
    if wants_csv(request):
        rows = (
            [
                *[macro.name, one.name, one.people, one.share, one.stability, one.confidence, one.distinct],
                *[one.active, one.churn, one.value, one.words, one.precision, one.recall],
                *[one.segment.slug if one.segment else "", "; ".join(one.held_back)],
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
    job = jobs.start(living.JOB, {"seed": 1}, owner=request.user, task=LOOK_TASK, queue=Queue.TRAINING)
    messages.success(request, "Looking for groups is queued. The map that stands stays until it has ended well.")
    return redirect("web:job-detail", job_id=job.id)


def _acted(request: HttpRequest, action: str, segment: Segment, told: str, **details: str) -> HttpResponse:
    by: User = request.user  # type: ignore[assignment]
    said = {"segments": [str(segment.slug)], **details}
    audit.record(action=action, actor=by, route="segments/clusters/", details=said)
    messages.success(request, told)
    return redirect("web:segment", slug=segment.slug)


@require_POST
@page("segmentation.publish_segment")
def adopt(request: HttpRequest) -> HttpResponse:
    """Answer for a cluster: for one that is live, or (`job`, `place`) for a group that was held back."""
    by: User = request.user  # type: ignore[assignment]
    try:
        if slug := request.POST.get("slug", ""):
            segment = living.adopt(get_object_or_404(Segment, slug=slug, kind=SegmentKind.CLUSTER), by=by)
        else:
            job, told = reads.group(request.POST.get("job", ""), request.POST.get("place", ""))
            segment = living.adopt_group(told, job.finished_at or clock.now(), by=by)
    except (living.NoGroup, publishing.TooManySegments) as problem:
        messages.error(request, f"Nothing was adopted: {problem}.")
        return redirect("web:segment-clusters")
    return _acted(request, "adopt cluster", segment, f"{segment.name} is yours. Members follow at the next refresh.")


@require_POST
@page("segmentation.publish_segment")
def rename(request: HttpRequest, slug: str) -> HttpResponse:
    """Call a cluster otherwise; its address stays, and so does its name at later refits."""
    segment = get_object_or_404(Segment, slug=slug, kind=SegmentKind.CLUSTER)
    before = segment.name
    try:
        publishing.rename(segment, request.POST.get("name", ""))
    except publishing.NotReady as problem:
        messages.error(request, f"Nothing was changed: {problem}.")
        return redirect("web:segment", slug=slug)
    return _acted(request, "rename segment", segment, f"It is called {segment.name} now.", before=before)


@require_POST
@page("segmentation.publish_segment")
def extend(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a cluster live until the end of a later day."""
    segment = get_object_or_404(Segment, slug=slug, kind=SegmentKind.CLUSTER)
    try:
        until = clock.end_of_day(date.fromisoformat(request.POST.get("until", "")))
        publishing.extend(segment, until)
    except (ValueError, publishing.NotReady) as problem:
        said = problem if isinstance(problem, publishing.NotReady) else "say until which day"
        messages.error(request, f"Nothing was changed: {said}.")
        return redirect("web:segment", slug=slug)
    return _acted(request, "extend segment", segment, f"{segment.name} lives until {day(until)}.")
