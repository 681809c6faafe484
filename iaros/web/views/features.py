"""The catalogue of features: find one, and see what it says, how it stands, and what would break without it."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from iaros.intelligence import TookTooLong, within
from iaros.web.access import page
from iaros.web.reads import features as reads
from iaros.web.tables import as_csv, wants_csv
from segmentation.features import parity, standing
from segmentation.features.standing import Measured
from segmentation.models import FeatureRun

MEASURE_SECONDS = 20.0


def _asked(request: HttpRequest) -> reads.Asked:
    sort = request.GET.get("sort", "name")
    return reads.Asked(
        words=request.GET.get("q", "").strip(),
        view=request.GET.get("view", ""),
        use=request.GET.get("use", ""),
        state=request.GET.get("state", ""),
        sort=sort if sort in reads.SORTS else "name",
    )


def _measured(run: FeatureRun | None, *, now: bool) -> Measured | None:
    """Figures of the run; measured only where the request is the one that may take its time."""
    if run is None or not now:
        return standing.measured(run)
    with within(MEASURE_SECONDS):
        return standing.measure(run)


@page("accounts.run_jobs")
def feature_list(request: HttpRequest) -> HttpResponseBase:
    """The list; as a part for htmx, the same with figures that had to be measured first."""
    run, asked, part = standing.newest_run(), _asked(request), bool(getattr(request, "htmx", False))
    try:
        found, slow = _measured(run, now=part), False
    except TookTooLong:
        found, slow = None, True
    lines = reads.feature_lines(found)
    shown = reads.chosen(lines, asked)
    if wants_csv(request):
        return as_csv("features", _HEADER, (_row(line) for line in shown))
    context = {
        "title": "Features",
        "crumbs": [("Features", "")],
        "lines": Paginator(shown, reads.PAGE).get_page(request.GET.get("page")),
        "found": len(shown),
        "total": len(lines),
        "asked": asked,
        "views": reads.views(),
        "states": ("steady", "moving", "moved"),
        "run": run,
        "measured": found,
        "slow": slow,
        "moved": sum(1 for line in lines if line.moved[1] == "bad"),
        "parity": parity.last(),
    }
    return render(request, "web/features/_rows.html" if part else "web/features/list.html", context)


_HEADER = ["feature", "description", "unit", "type", "owner", "purpose", "sensitivity", "without_event", "in_the_past"]
_HEADER += ["made_of", "segments", "models", "known_share", "median", "drift_psi"]


def _row(line: reads.FeatureLine) -> list[object]:
    one, found = line.feature, line.standing
    declared = [one.name, one.description, one.unit, one.dtype, one.owner, one.purpose, one.sensitivity]
    declared += [one.nulls, one.parity, one.lineage]
    figures = [found.known, found.middle, found.drift] if found else [None] * 3
    return [*declared, line.segments, line.models, *figures]


@page("accounts.run_jobs")
def feature_detail(request: HttpRequest, name: str) -> HttpResponseBase:
    """One feature; its distribution is a part that may be measured only when asked for."""
    feature = reads.get_feature(name)
    if feature is None:
        raise Http404("No such feature")
    run, part = standing.newest_run(), bool(getattr(request, "htmx", False))
    try:
        found, slow = _measured(run, now=part), False
    except TookTooLong:
        found, slow = None, True
    one = found.features.get(name) if found else None
    bars = reads.bars(one) if one else []
    if wants_csv(request):
        rows = ([bar.label, bar.now, bar.before] for bar in bars)
        return as_csv(f"feature-{name.replace(':', '-')}", ["value", "people", "people_90_days_before"], rows)
    context: dict[str, Any] = {
        "feature": feature,
        "run": run,
        "measured": found,
        "standing": one,
        "bars": bars,
        "shares": [bar.share for bar in bars],
        "shares_before": [bar.share_before for bar in bars if bar.share_before is not None],
        "chart_label": f"{feature.description} People by value. {reads.coverage(one)}" if one else "",
        "last_label": bars[-1].label if bars else "",
        "slow": slow,
        "line": reads.FeatureLine(feature, one, 0, 0),
        "coverage": reads.coverage(one) if one else "",
    }
    if part:
        return render(request, "web/features/_standing.html", context)
    compared = parity.last()
    context |= {
        "title": name,
        "crumbs": [("Features", "web:features"), (name, "")],
        "told": reads.told(feature),
        "consumers": reads.consumers(name),
        "parity": compared,
        "mismatches": compared.features.get(name, 0) if compared else 0,
    }
    return render(request, "web/features/detail.html", context)
