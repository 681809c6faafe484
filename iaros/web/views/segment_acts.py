"""What is done with segments as they stand: publish, retire, bring back. Each act has a reason and can be undone."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from iaros.accounts.models import User
from iaros.web.access import page
from iaros.web.reads import segment_health
from privacy import audit
from segmentation import pipeline
from segmentation.models import Destination, Segment
from segmentation.segments import activation, publishing

UNDO = "segments_to_bring_back"


def _chosen(request: HttpRequest) -> list[Segment]:
    """The segments named, or all that the board calls dead."""
    dead = request.POST.get("all") == "dead"
    slugs = segment_health.dead_slugs() if dead else request.POST.getlist("slug")
    return list(Segment.objects.filter(slug__in=slugs).order_by("slug"))


def _back(request: HttpRequest) -> HttpResponse:
    to = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(to, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(to if safe else "web:segment-health")


@require_POST
@page("segmentation.publish_segment")
def retire(request: HttpRequest) -> HttpResponse:
    """Stop counting them; at the next refresh their members leave. All of them or none."""
    segments, reason = _chosen(request), request.POST.get("reason", "").strip()
    if not segments or not reason:
        messages.error(
            request, "Nothing was retired: say which segments, and why." if segments else "Nothing to retire."
        )
        return _back(request)
    by: User = request.user  # type: ignore[assignment]
    try:
        with transaction.atomic():
            for segment in segments:
                publishing.retire(segment, by=by)
            _note("retire segments", by, segments, reason)
    except publishing.StillUsed as error:
        messages.error(request, f"Nothing was retired: {error}.")
        return _back(request)
    request.session[UNDO] = [segment.slug for segment in segments]
    messages.success(request, f"{_told(segments)} retired. Members leave at the next refresh.")
    return _back(request)


@require_POST
@page("segmentation.publish_segment")
def restore(request: HttpRequest) -> HttpResponse:
    """Publish them, again or for the first time. All of them or none."""
    segments = _chosen(request)
    by: User = request.user  # type: ignore[assignment]
    try:
        with transaction.atomic():
            for segment in segments:
                publishing.publish(segment, by=by)
            if segments:
                _note("publish segments", by, segments, request.POST.get("reason", "").strip())
    except (publishing.TooManySegments, publishing.NotReady) as error:
        messages.error(request, f"Nothing was published: {error}.")
        return _back(request)
    request.session.pop(UNDO, None)
    if segments:
        messages.success(request, f"{_told(segments)} live. Members follow at the next refresh.")
    return _back(request)


def _told(segments: list[Segment]) -> str:
    return f"{segments[0].name} is" if len(segments) == 1 else f"{len(segments)} segments are"


def _note(action: str, by: User, segments: list[Segment], reason: str) -> None:
    slugs = [str(segment.slug) for segment in segments]
    audit.record(action=action, actor=by, reason=reason, route="segments/health/", details={"segments": slugs})


@require_POST
@page("accounts.export_data")
def activate(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the members to a destination, as a job; consent is asked again for each of them when it runs."""
    segment = get_object_or_404(Segment, slug=slug)
    destination = get_object_or_404(Destination, slug=request.POST.get("destination", ""), enabled=True)
    try:
        job = pipeline.activate(segment=segment, destination=destination, by=request.user)
    except activation.CannotActivate as error:
        messages.error(request, f"Nothing was sent: {error}.")
        return redirect("web:segment", slug=slug)
    by: User = request.user  # type: ignore[assignment]
    _note("activate segment", by, [segment], f"to {destination.slug}")
    return redirect("web:job-detail", job_id=job.id)
