"""How segments lie over each other: for each pair, and for each combination (what an UpSet picture draws)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iaros.lib import sql
from iaros.lib.purposes import Purpose
from privacy import consent
from segmentation.models import Segment

MOST = 12

_SIGNATURES_SQL = """
SELECT {signature} AS signature, count(*) AS people
FROM segmentation_membership m
WHERE {gate}
GROUP BY 1
"""
_BIT = "CASE WHEN length(m.bitmap) > {byte} AND get_bit(m.bitmap, {bit}) = 1 THEN {weight} ELSE 0 END"


class TooMany(Exception):
    """More segments than can be compared at once."""


@dataclass(frozen=True)
class Intersection:
    """Customers who are in exactly these of the segments."""

    slugs: list[str]
    people: int


@dataclass(frozen=True)
class Overlap:
    """`matrix[i][j]`: in both; `jaccard[i][j]`: of those in either, the share in both. Intersections: largest first."""

    slugs: list[str]
    names: list[str]
    sizes: list[int]
    matrix: list[list[int]]
    jaccard: list[list[float]]
    intersections: list[Intersection]


def overlap(slugs: Sequence[str]) -> Overlap:
    """Of the members as they stand, those who may be analysed. Unknown slugs are left out. Raises TooMany."""
    known = {str(one.slug): one for one in Segment.objects.filter(slug__in=slugs)}
    segments = [known[slug] for slug in dict.fromkeys(slugs) if slug in known]
    if len(segments) > MOST:
        raise TooMany(f"{len(segments)} segments; {MOST} can be compared at once")
    counted = _signatures(segments)
    places = range(len(segments))
    matrix = [
        [sum(people for bits, people in counted.items() if bits >> i & 1 and bits >> j & 1) for j in places]
        for i in places
    ]
    sizes = [matrix[i][i] for i in places]
    return Overlap(
        slugs=[str(one.slug) for one in segments],
        names=[one.name for one in segments],
        sizes=sizes,
        matrix=matrix,
        jaccard=[[_share(matrix[i][j], sizes[i] + sizes[j] - matrix[i][j]) for j in places] for i in places],
        intersections=[
            Intersection([str(segments[i].slug) for i in places if bits >> i & 1], people)
            for bits, people in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
    )


def _signatures(segments: Sequence[Segment]) -> dict[int, int]:
    """People by the combination of segments they are in, a bit each; those in none are left out."""
    if not segments:
        return {}
    gate, params = consent.gate(Purpose.ANALYTICS, customer="m.id")
    signature = " + ".join(
        _BIT.format(byte=one.position // 8, bit=one.position, weight=1 << place) for place, one in enumerate(segments)
    )
    rows = sql.query(_SIGNATURES_SQL.format(signature=signature, gate=gate), params)
    return {row["signature"]: row["people"] for row in rows if row["signature"]}


def _share(both: int, either: int) -> float:
    return both / either if either else 0.0
