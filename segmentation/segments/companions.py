"""Which other segments the members of one are in: read off their bitmaps, of a random part of a large segment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db import connection

from iaros.lib.purposes import Purpose
from privacy import consent
from segmentation.models import Segment

SAMPLE = 20_000
_BITMAPS_SQL = """
SELECT string_agg(m.bits, ''::bytea) FROM (
    SELECT substring(m.bitmap || decode(repeat('00', %(width)s), 'hex') FROM 1 FOR %(width)s) AS bits
    FROM segmentation_membership m
    WHERE length(m.bitmap) > %(byte)s AND get_bit(m.bitmap, %(bit)s) = 1 AND {gate}
    ORDER BY m.bucket, m.id
    LIMIT %(sample)s
) m
"""


@dataclass(frozen=True)
class Companion:
    """Another segment: the share of the members who are in it too, and of those in either, the share in both."""

    slug: str
    name: str
    share: float
    jaccard: float


def companions(segment: Segment, limit: int = 8) -> list[Companion]:
    """The published segments that lie over this one most, of all its members or of the first so many buckets."""
    others = list(Segment.objects.published().exclude(id=segment.id).filter(size__gt=0))
    width = 1 + max((other.position for other in [*others, segment]), default=0) // 8
    gate, params = consent.gate(Purpose.ANALYTICS, customer="m.id")
    params |= {"width": width, "byte": segment.position // 8, "bit": segment.position, "sample": SAMPLE}
    with connection.cursor() as cursor:
        cursor.execute(_BITMAPS_SQL.format(gate=gate), params)
        raw = bytes(cursor.fetchone()[0] or b"")
    if not raw:
        return []
    bits = np.unpackbits(np.frombuffer(raw, dtype=np.uint8).reshape(-1, width), axis=1, bitorder="little")
    shares = bits.mean(axis=0)
    found = [_companion(segment, other, float(shares[other.position])) for other in others]
    return sorted((one for one in found if one.share), key=lambda one: (-one.jaccard, one.slug))[:limit]


def _companion(segment: Segment, other: Segment, share: float) -> Companion:
    both = share * segment.size
    either = segment.size + other.size - both
    return Companion(str(other.slug), other.name, share, min(both / either, 1.0) if either > 0 else 0.0)
