"""Bring the lattice into the table of segments, as one set: what is missing is drafted and published at once."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from iaros.lib import leases
from segmentation.models import Segment, SegmentStatus, SegmentVersion
from segmentation.segments import lattice, rules, sentences
from segmentation.segments.lattice import Cell


@transaction.atomic
def ensure_lattice() -> int:
    """Publish the cells that are not there yet, as far as the airline's limit goes; returns how many were added.

    One that was retired stays retired; a cell whose rule changed here gets it as its next wording.
    """
    leases.lock_in_transaction("segment positions")
    cells = {cell.slug: cell for cell in lattice.cells()}
    known = {segment.slug: segment for segment in Segment.objects.filter(slug__in=cells)}
    missing = [cell for slug, cell in cells.items() if slug not in known]
    room = settings.INTELLIGENCE.segmentation.max_segments - Segment.objects.published().count()
    highest = Segment.objects.aggregate(highest=Max("position"))["highest"]
    first = 0 if highest is None else highest + 1
    added = [_segment(cell, first + place) for place, cell in enumerate(missing[: max(room, 0)])]
    Segment.objects.bulk_create(added, batch_size=500)
    words = [_wording(segment, cells[segment.slug], 1) for segment in added]
    SegmentVersion.objects.bulk_create([*words, *_reworded(known, cells)], batch_size=500)
    return len(added)


def _segment(cell: Cell, position: int) -> Segment:
    return Segment(
        slug=cell.slug,
        name=cell.name,
        description=cell.description,
        is_system=True,
        purpose=cell.purpose,
        channel=cell.channel,
        kind=cell.kind,
        status=SegmentStatus.PUBLISHED,
        position=position,
    )


def _reworded(known: dict[str, Segment], cells: dict[str, Cell]) -> list[SegmentVersion]:
    newest: dict[str, SegmentVersion] = {}
    versions = SegmentVersion.objects.filter(segment__in=known.values()).select_related("segment").order_by("number")
    for version in versions:
        newest[version.segment.slug] = version
    return [
        _wording(known[slug], cells[slug], version.number + 1)
        for slug, version in newest.items()
        if version.rule != cells[slug].rule
    ]


def _wording(segment: Segment, cell: Cell, number: int) -> SegmentVersion:
    tree = rules.read(cell.rule)
    return SegmentVersion(
        segment=segment,
        number=number,
        rule=cell.rule,
        sentence=sentences.sentence(tree),
        depends_on=rules.depends_on(tree),
    )
