"""The health board of segments: worst first, with the reason, the owner, and what may be done about it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from iaros.web.access import page
from iaros.web.reads import segment_health as reads
from iaros.web.tables import as_csv, wants_csv
from iaros.web.views.segment_acts import UNDO
from segmentation import selectors
from segmentation.models import SegmentKind

_HEADER = ["segment", "name", "kind", "state", "why", "members", "share", "stability", "confidence", "owner"]
_HEADER += ["ends_at", "counted_at", "rule"]


@page("segmentation.view_segment")
def health_board(request: HttpRequest) -> HttpResponseBase:
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "state", "kind")}
    wanted = reads.Wanted(asked["q"], asked["state"], asked["kind"])
    lines = reads.board()
    shown = reads.chosen(lines, wanted)
    if wants_csv(request):
        return as_csv("segment-health", _HEADER, (_row(line) for line in shown))
    counted = reads.counted(lines)
    context = {
        "title": "Health of segments",
        "crumbs": [("Segments", "web:segments"), ("Health", "")],
        "tab": "health",
        "lines": Paginator(shown, reads.PAGE).get_page(request.GET.get("page")),
        "found": len(shown),
        "wanted": wanted,
        "counted": counted,
        "live": sum(counted.values()) - counted["retired"],
        "kinds": SegmentKind.choices,
        "refresh": selectors.refresh_state(),
        "may_act": request.user.has_perm("segmentation.publish_segment"),  # type: ignore[union-attr]
        "undo": request.session.pop(UNDO, []),
    }
    return render(request, "web/segments/health.html", context)


def _row(line: reads.BoardLine) -> list[object]:
    one = line.health
    about = [one.slug, one.name, one.kind, line.state, line.why, one.size, one.share, one.stability, one.confidence]
    return [*about, one.owner, one.expires_at, one.counted_at, one.reason]
