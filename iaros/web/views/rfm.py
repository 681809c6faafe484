"""The grid of recency, frequency and money: where the base stands, and a rule for each of its cells."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from iaros.intelligence import TookTooLong, within
from iaros.web.access import page
from iaros.web.reads import rfm as reads
from iaros.web.tables import as_csv, wants_csv
from segmentation.features import standing
from segmentation.features.standing import Measured

SHOWS = ("size", "value", "change")
_BY = (("frequency", "Frequency"), ("monetary", "Money"), ("both", "Both"))
MEASURE_SECONDS = 20.0


def _asked(request: HttpRequest) -> tuple[str, int | None, str]:
    by, fifth, show = (request.GET.get(name, "") for name in ("by", "fifth", "show"))
    return (
        by if by in reads.GRIDS else "frequency",
        int(fifth) if fifth in ("1", "2", "3", "4", "5") else None,
        show if show in SHOWS else "size",
    )


def _measured(*, now: bool) -> Measured | None:
    """What cells spend comes from a sample of the run; it is only measured where it is looked at."""
    run = standing.newest_run()
    if run is None or not now:
        return standing.measured(run)
    try:
        with within(MEASURE_SECONDS):
            return standing.measure(run)
    except TookTooLong:
        return None


@page("segmentation.view_segment")
def rfm_grid(request: HttpRequest) -> HttpResponseBase:
    by, fifth, show = _asked(request)
    measured = _measured(now=show == "value")
    held = reads.cells(measured)
    if wants_csv(request):
        header = ["cell", "group", "people", "change_30d", "spent_each_estimate"]
        groups = {cell: group.name for group in reads.named_groups(held) for cell in group.cells}
        rows = ([cell, groups[cell], one.people, one.change, one.spent] for cell, one in sorted(held.items()))
        return as_csv("rfm", header, rows)
    third = reads.GRIDS[by][2]
    context = {
        "title": "Recency, frequency, money",
        "crumbs": [("Segments", "web:segments"), ("RFM", "")],
        "tab": "rfm",
        "grid": reads.grid(held, by, fifth, show),
        "groups": reads.named_groups(held),
        "by": by,
        "bys": _BY,
        "fifth": fifth,
        "fifths": reads.FIFTHS,
        "third": reads.WORDS[third],
        "ends": reads.ENDS[third],
        "corner": f"{reads.WORDS[reads.GRIDS[by][0]].capitalize()} by {reads.WORDS[reads.GRIDS[by][1]]}",
        "show": show,
        "may_build": request.user.has_perm("segmentation.add_segment"),
        "shows": SHOWS,
        "measured": measured,
        "counted_at": max(
            (one.line.segment.counted_at for one in held.values() if one.line and one.line.segment.counted_at),
            default=None,
        ),
    }
    return render(request, "web/segments/rfm.html", context)
