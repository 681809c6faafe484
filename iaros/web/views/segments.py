"""Segments: the list, one segment, and how many of it may be reached."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from iaros.intelligence import ConsentRequired, Reader, TookTooLong, UnknownCustomer, admit, note, within
from iaros.lib.purposes import Channel, Purpose
from iaros.web.access import page
from iaros.web.purposes import purpose_of
from iaros.web.reads import segment_page as page_reads
from iaros.web.reads import segments as reads
from iaros.web.tables import as_csv, may_export, wants_csv
from privacy import audit
from segmentation import selectors
from segmentation.models import SegmentKind


@page("segmentation.view_segment")
def segment_list(request: HttpRequest) -> HttpResponseBase:
    lines = reads.segment_lines()
    asked, kind = request.GET.get("q", "").strip().lower(), request.GET.get("kind", "")
    shown = [x for x in lines if asked in f"{x.segment.name} {x.sentence}".lower() and kind in ("", x.segment.kind)]
    if wants_csv(request):
        header = ["segment", "rule", "purpose", "channel", "members", "reach", "entered_30d", "left_30d", "counted_at"]
        rows = (
            [
                x.segment.slug,
                x.sentence,
                x.segment.purpose,
                x.segment.channel,
                x.segment.size,
                x.segment.reach,
                x.entered,
                x.left,
                x.segment.counted_at,
            ]
            for x in shown
        )
        return as_csv("segments", header, rows)
    context = {
        "title": "Segments",
        "crumbs": [("Segments", "")],
        "tab": "all",
        "lines": Paginator(shown, reads.PAGE).get_page(request.GET.get("page")),
        "found": len(shown),
        "total": len(lines),
        "kinds": SegmentKind.choices,
        "kind": kind,
        "asked": request.GET.get("q", ""),
        "counted_at": max((x.segment.counted_at for x in lines if x.segment.counted_at), default=None),
        "empty": sum(1 for x in lines if not x.segment.size),
    }
    return render(request, "web/segments/list.html", context)


def _segment(slug: str) -> reads.SegmentLine:
    line = reads.get_segment(slug)
    if line is None:
        raise Http404("No such segment")
    return line


@page("segmentation.view_segment")
def segment_detail(request: HttpRequest, slug: str) -> HttpResponseBase:
    line, purpose = _segment(slug), purpose_of(request)
    if wants_csv(request, "members"):
        return _members_file(request, line, purpose)
    sees_people = _sees_people(request)
    members = reads.members(line.segment, purpose, after=_cursor(request)) if sees_people else []
    moves = reads.recent_moves(line.segment, purpose) if sees_people else []
    if sees_people:
        audit.reads(
            "segment members",
            ids=[member.id for member in members],
            purpose=purpose,
            actor=request.user,  # type: ignore[arg-type]
            route="segments/<slug>/",
            details={"segment": slug},
        )
    size = page_reads.size_over_time(line.segment)
    if wants_csv(request, "size"):
        days = ([one.day, one.size, one.entered, one.left] for one in size.days)
        return as_csv(f"segment-{slug}-size", ["day", "members", "entered", "left"], days)
    context = {
        "title": line.segment.name,
        "crumbs": [("Segments", "web:segments"), (line.segment.name, "")],
        "line": line,
        "segment": line.segment,
        "own_purpose": Purpose(line.segment.purpose).label,
        "own_channel": Channel(line.segment.channel).label,
        "sees_people": sees_people,
        "members": members,
        "moves": moves,
        "next_after": members[-1].id if len(members) == reads.PAGE else "",
        "size": size,
        "wordings": page_reads.wordings(line.segment),
        "used_by": selectors.used_by(line.segment),
        "sendings": page_reads.sendings(line.segment),
        "destinations": page_reads.destinations() if request.user.has_perm("accounts.export_data") else [],  # type: ignore[union-attr]
        **page_reads.cluster(line.segment),
        "may_act": request.user.has_perm("segmentation.publish_segment"),  # type: ignore[union-attr]
    }
    return render(request, "web/segments/detail.html", context)


def _sees_people(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("accounts.view_customer_360"))  # type: ignore[union-attr]


@page("segmentation.view_segment")
def segment_overlap(request: HttpRequest, slug: str) -> HttpResponseBase:
    """How it lies over others: a card of its own, since it counts all members."""
    segment = _segment(slug).segment
    chosen = [one for one in request.GET.getlist("with") if one]
    try:
        with within(5.0):
            compared = page_reads.compared(segment, chosen)
    except TookTooLong:
        compared = None
    if compared and wants_csv(request):
        found = compared.overlap
        rows = (["; ".join(one.slugs), one.people] for one in found.intersections)
        return as_csv(f"segment-{slug}-overlap", ["exactly in", "people"], rows)
    return render(request, "web/segments/_overlap.html", {"segment": segment, "compared": compared})


@page("accounts.view_customer_360")
def segment_why(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Why one customer is in or not, and what keeps them from being reached; through the gate, and written down."""
    segment, asked = _segment(slug).segment, request.GET.get("customer", "").strip()
    context: dict[str, Any] = {"segment": segment, "asked": asked}
    try:
        customer_id = UUID(asked)
        reader = Reader(purpose_of(request), actor=request.user, route="segments/<slug>/why/")  # type: ignore[arg-type]
        admit(customer_id, reader)
        note("read segment reasons", reader, [customer_id], segment=slug)
        context |= {"found": selectors.explain(segment, customer_id), "customer": customer_id}
    except ValueError:
        context["refused"] = "This is no customer's id. It stands at the top of a customer's page." if asked else ""
    except UnknownCustomer:
        context["refused"] = "There is nobody with this id whom you may know of."
    except ConsentRequired as refusal:
        context["refused"] = f"Not for this purpose: {refusal.decision.reason}"
    if getattr(request, "htmx", False):
        return render(request, "web/segments/_why.html", context)
    context |= {
        "title": f"Why in {segment.name}?",
        "crumbs": [("Segments", "web:segments"), (segment.name, ""), ("Why", "")],
    }
    return render(request, "web/segments/why.html", context)


def _cursor(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("after", ""))
    except ValueError:
        return None


def _members_file(request: HttpRequest, line: reads.SegmentLine, purpose: Purpose) -> HttpResponseBase:
    may_export(request)
    if not request.user.has_perm("accounts.view_customer_360"):  # type: ignore[union-attr]
        raise PermissionDenied("accounts.view_customer_360")
    members = reads.members(line.segment, purpose, limit=None)
    audit.record(
        action="export segment members",
        actor=request.user,  # type: ignore[arg-type]
        purpose=purpose,
        ids=[member.id for member in members],
        route="segments/<slug>/",
        details={"segment": line.segment.slug, "rows": len(members)},
    )
    rows = ([str(m.id), m.tier, m.country, m.home_airport, m.value, m.churn] for m in members)
    header = ["customer_id", "tier", "country", "home_airport", "value_12m", "churn_90d"]
    return as_csv(f"segment-{line.segment.slug}", header, rows)


@page("segmentation.view_segment")
def segment_reach(request: HttpRequest, slug: str) -> HttpResponse:
    """A card of its own, since it counts: a slow count must not hold the page."""
    line = _segment(slug)
    purposes = [Purpose(line.segment.purpose)]
    try:
        with within(5.0):
            lines = {purpose: reads.reach(line.segment, purpose) for purpose in purposes}
            steps = selectors.reach_of(line.segment)
    except TookTooLong:
        return render(request, "web/segments/_reach.html", {"line": line, "slow": True})
    return render(request, "web/segments/_reach.html", {"line": line, "reach": lines, "steps": steps})
