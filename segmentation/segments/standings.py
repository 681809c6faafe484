"""Where the customers of a block stand as it is stored: in which segments, since when, and on which lists."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from segmentation.features import facts
from segmentation.features.store import Block
from segmentation.models import CustomerList, Segment
from segmentation.models.transitions import LEFT, PLACES

Mask = NDArray[np.bool_]
NEVER = np.iinfo(np.int64).max
NOT_YET = np.iinfo(np.int64).min

_INSIDE_SQL = """
SELECT string_agg(uuid_send(m.id), ''::bytea) FROM segmentation_membership m
WHERE {which} AND length(m.bitmap) > %(byte)s AND get_bit(m.bitmap, %(bit)s) = 1
"""
_STINTS_SQL = """
SELECT uuid_send(t.customer_id), max(t.at) FILTER (WHERE move & %(left)s = 0),
       max(t.at) FILTER (WHERE move & %(left)s <> 0)
FROM segmentation_moves t CROSS JOIN LATERAL unnest(t.moves) AS move
WHERE {which} AND move & %(places)s = %(position)s AND t.at <= %(at)s
GROUP BY t.customer_id
"""
_LISTED_SQL = """
SELECT string_agg(uuid_send(l.customer_id), ''::bytea) FROM segmentation_customerlistentry l
WHERE {which} AND l.list_id = %(list)s
"""


@dataclass(frozen=True)
class Stint:
    """In microseconds since 1970: when each customer last entered (NEVER), and last left (NOT_YET)."""

    entered: NDArray[np.int64]
    left: NDArray[np.int64]


def keys(ids: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Identifiers as comparable values; of equal width, so that a zero at the end does no harm."""
    return np.ascontiguousarray(ids).view("S16").ravel()


def inside(block: Block, slugs: Collection[str]) -> dict[str, Mask]:
    """Who of the block is a member, for each of the segments; of an unknown one nobody."""
    positions = dict(Segment.objects.filter(slug__in=slugs).values_list("slug", "position")) if slugs else {}
    return {slug: _inside(block, positions.get(slug)) for slug in slugs}


def _inside(block: Block, position: int | None) -> Mask:
    if position is None:
        return np.zeros(len(block), dtype=bool)
    statement = _INSIDE_SQL.format(which=block.which.where("m", "id"))
    return _among(block, statement, {"byte": position // 8, "bit": position})


def listed(block: Block, slugs: Collection[str]) -> dict[str, Mask]:
    """Who of the block stands on each of the lists."""
    known = dict(CustomerList.objects.filter(slug__in=slugs).values_list("slug", "id"))
    statement = _LISTED_SQL.format(which=block.which.where("l", "customer_id"))
    nobody = np.zeros(len(block), dtype=bool)
    return {slug: _among(block, statement, {"list": known[slug]}) if slug in known else nobody for slug in slugs}


def _among(block: Block, statement: str, params: dict[str, Any]) -> Mask:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**block.which.params, **params})
        raw = bytes(cursor.fetchone()[0] or b"")
    return np.isin(keys(block.ids), np.frombuffer(raw, dtype="S16"))


def stints(block: Block, slugs: Collection[str], at: datetime) -> dict[str, Stint]:
    """When the customers of the block last entered and left each of the segments, up to `at`."""
    known = dict(Segment.objects.filter(slug__in=slugs).values_list("slug", "position"))
    place = {key: row for row, key in enumerate(keys(block.ids).tolist())}
    return {slug: _stint(block, known.get(slug), at, place) for slug in slugs}


def _stint(block: Block, position: int | None, at: datetime, place: dict[bytes, int]) -> Stint:
    found = Stint(np.full(len(block), NEVER), np.full(len(block), NOT_YET))
    if position is None:
        return found
    with connection.cursor() as cursor:
        params = {**block.which.params, "position": position, "at": at, "left": LEFT, "places": PLACES}
        cursor.execute(_STINTS_SQL.format(which=block.which.where("t", "customer_id")), params)
        for raw, entered, left in cursor.fetchall():
            row = place.get(bytes(raw).rstrip(b"\x00"))
            if row is not None:
                found.entered[row] = facts.microseconds(entered) if entered else NEVER
                found.left[row] = facts.microseconds(left) if left else NOT_YET
    return found
