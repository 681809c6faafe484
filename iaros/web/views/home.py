"""The overview: what needs a look, the figures, and what moved."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render

from analytics.dashboards import HomeDashboard, home
from iaros.web.access import page
from iaros.web.reads import home as reads
from iaros.web.tables import as_csv, wants_csv

WINDOWS = (7, 30, 90, 365)


@page()
def overview(request: HttpRequest) -> HttpResponseBase:
    if not request.user.has_perm("accounts.run_jobs"):  # type: ignore[union-attr]
        # People of partners come for shared segments only.
        return redirect("web:segments")
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdigit() and int(asked) in WINDOWS else 30
    # These are figures about everybody, read for analytics whatever purpose the other pages are read under.
    dashboard = home(window_days=days)
    if wants_csv(request):
        return _file(dashboard, request.GET.get("table", "revenue"))
    context = {
        "title": "Overview",
        "crumbs": [("Overview", "")],
        "dashboard": dashboard,
        "windows": [(days_, "12 m" if days_ == 365 else f"{days_} d") for days_ in WINDOWS],
        "days": days,
        "alerts": [reads.alert_line(check) for check in dashboard.alerts],
        "passed": [check for check in dashboard.checks if check.state == "passed"],
        "unmeasured": [check for check in dashboard.checks if check.state == "not measured"],
        "tiles": [reads.tile_line(tile) for tile in dashboard.tiles],
        "stages": reads.stage_lines(dashboard.pipeline),
        "chart": reads.revenue_chart(dashboard.revenue_weeks),
        "year": reads.year_to_date(dashboard.revenue_weeks),
    }
    return render(request, "web/home/overview.html", context)


def _file(dashboard: HomeDashboard, table: str) -> HttpResponseBase:
    header, rows = _TABLES.get(table, _TABLES["revenue"])
    return as_csv(f"overview-{table}", header, rows(dashboard))


_TABLES: dict[str, Any] = {
    "revenue": (
        ["week", "this_year_minor", "last_year_minor"],
        lambda d: ([w.week.isoformat(), w.this_year_minor, w.last_year_minor] for w in d.revenue_weeks),
    ),
    "segments": (
        ["segment", "members", "entered", "left"],
        lambda d: ([s.slug, s.size, s.entered, s.gone] for s in d.segments),
    ),
    "pipeline": (
        ["stage", "profiles", "per_second", "seconds"],
        lambda d: ([s.stage, s.profiles, s.per_second, s.seconds] for s in d.pipeline),
    ),
    "fares": (
        ["market", "cabin", "own_fare", "lowest_fare", "gap_rate", "in_play_minor", "exposed_customers"],
        lambda d: (
            [g.market, g.fare.cabin, g.fare.own_fare, g.fare.lowest_fare, g.gap_rate, g.in_play_minor, g.exposed]
            for g in d.fare_gaps
        ),
    ),
}
