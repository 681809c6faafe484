"""Writes bookings and their flights. A booking that changed keeps its id; its flights are told anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from iaros.lib import copying, staging
from iaros.lib.ids import ascending, numbers_in_time, uuid7_block
from profiles.currency import in_base_currency
from profiles.shapes import Block, Landed

_KNOWN_SQL = """
SELECT w.place, b.id FROM bookings_wanted w
JOIN profiles_booking b ON b.locator = w.locator
 AND b.created_at BETWEEN w.created_at - INTERVAL '1 day' AND w.created_at + INTERVAL '1 day'
"""
_FORGET_BOOKINGS_SQL = """
DELETE FROM profiles_booking b USING bookings_known k WHERE b.bucket = k.bucket AND b.id = k.id
"""
_FORGET_LEGS_SQL = """
DELETE FROM profiles_flightleg f USING bookings_known k WHERE f.bucket = k.bucket AND f.booking_id = k.id
"""


def write(landed: Landed, place: NDArray[np.int64]) -> Block:
    """Write the bookings with at least one landed passenger; return an id for every booking of the batch."""
    table = landed.batch.facts["bookings"]
    line = np.asarray(table["line"], dtype=np.int64)
    landed_lines = np.unique(landed.batch.line[landed.mention])
    rows = np.flatnonzero(np.isin(line, landed_lines))
    ids = uuid7_block(len(line))
    if not len(rows):
        return ids
    created = np.array(table["created_at"], dtype="datetime64[us]")
    _keep_known_ids(table, created, rows, ids)
    rows = rows[ascending(ids[rows])]
    _write_bookings(landed, table, created, rows, ids)
    _write_legs(landed.batch.facts.get("legs"), rows, ids, len(line))
    return ids


def known_ids(table: dict[str, Any]) -> tuple[Block, NDArray[np.bool_]]:
    """The ids of bookings that were written before, and which of them were."""
    created = np.array(table["created_at"], dtype="datetime64[us]")
    ids = np.zeros((len(created), 16), dtype=np.uint8)
    known = np.zeros(len(created), dtype=bool)
    for place, booking in _known(table, created, np.arange(len(created))).items():
        ids[place], known[place] = np.frombuffer(booking, dtype=np.uint8), True
    return ids, known


def _keep_known_ids(table: dict[str, Any], created: np.ndarray, rows: np.ndarray, ids: Block) -> None:
    """Bookings that are known already get their id back, and are deleted to be written anew."""
    known = _known(table, created, rows)
    if not known:
        return
    for place, booking in known.items():
        ids[place] = np.frombuffer(booking, dtype=np.uint8)
    block = ids[sorted(known)]
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "bookings_known",
            "bucket smallint, id uuid",
            {"bucket": copying.smallints(block[:, 15]), "id": copying.uuids(block)},
        )
        cursor.execute(_FORGET_BOOKINGS_SQL)
        cursor.execute(_FORGET_LEGS_SQL)


def _known(table: dict[str, Any], created: np.ndarray, rows: np.ndarray) -> dict[int, bytes]:
    """The ids of those rows' bookings that are known, by row."""
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "bookings_wanted",
            "place integer, locator text, created_at timestamptz",
            {
                "place": copying.integers(rows),
                "locator": copying.texts([table["locator"][i] for i in rows.tolist()]),
                "created_at": copying.timestamps(created[rows]),
            },
        )
        cursor.execute(_KNOWN_SQL)
        # One booking, one id: should two of a batch be as near to it, the later is another one.
        by_booking = {booking.bytes: place for place, booking in reversed(cursor.fetchall())}
    return {place: booking for booking, place in by_booking.items()}


def _write_bookings(landed: Landed, table: dict[str, Any], created: np.ndarray, rows: np.ndarray, ids: Block) -> None:
    chosen = rows.tolist()

    def texts(name: str) -> copying.Column:
        return copying.texts([table[name][i] for i in chosen])

    def moments(name: str) -> copying.Column:
        column = np.array(table[name], dtype="datetime64[us]")[rows]
        present = ~np.isnat(column)
        filled = np.where(present, column, np.datetime64("1970-01-01", "us"))
        return copying.nullable(copying.timestamps(filled), present)

    totals = np.array(table["total_minor"], dtype=np.int64)[rows]
    foreign = [None if (code := table["currency"][i]) == settings.BASE_CURRENCY else code for i in chosen]
    with connection.cursor() as cursor:
        copying.copy_in(
            cursor,
            "profiles_booking",
            {
                "bucket": copying.smallints(ids[rows][:, 15]),
                "id": copying.uuids(ids[rows]),
                "locator": texts("locator"),
                "created_at": copying.timestamps(created[rows]),
                "modified_at": moments("modified_at"),
                "status": texts("status"),
                "channel": texts("channel"),
                "point_of_sale": texts("point_of_sale"),
                "agency": texts("agency"),
                "brand": copying.texts([""] * len(chosen)),
                "market": copying.texts([""] * len(chosen)),
                "currency": texts("currency"),
                "total_minor": copying.bigints(totals),
                "total_base_minor": in_base_currency(totals, foreign, created[rows]),
                "party_size": copying.smallints(np.array(table["party_size"])[rows]),
                "origin": texts("origin"),
                "destination": texts("destination"),
                "departs_at": moments("departs_at"),
                "returns_at": moments("returns_at"),
            },
        )


def _write_legs(table: dict[str, Any] | None, bookings: np.ndarray, ids: Block, count: int) -> None:
    if not table:
        return
    of = np.asarray(table["booking"], dtype=np.int64)
    written = np.zeros(count, dtype=bool)
    written[bookings] = True
    rows = np.flatnonzero(written[of])
    number = np.array(table["number"], dtype=np.int64)
    _, last = np.unique(np.stack([of[rows], number[rows]], axis=1)[::-1], axis=0, return_index=True)
    rows = rows[::-1][last]  # a number that stands twice in a booking: the later segment stands
    rows = rows[ascending(ids[of[rows]])]  # np.unique left each booking's legs in order, and lexsort is stable
    chosen = rows.tolist()

    def texts(name: str) -> copying.Column:
        return copying.texts([table[name][i] for i in chosen])

    with connection.cursor() as cursor:
        copying.copy_in(
            cursor,
            "profiles_flightleg",
            {
                "bucket": copying.smallints(ids[of[rows]][:, 15]),
                "id": copying.bigints(numbers_in_time(len(chosen))),
                "booking_id": copying.uuids(ids[of[rows]]),
                "number": copying.smallints(number[rows]),
                **{n: texts(n) for n in ("carrier", "flight_number", "origin", "destination")},
                "departs_zone": copying.smallints([table["departs_zone"][i] for i in chosen]),
                "departs_at": copying.timestamps(np.array(table["departs_at"], dtype="datetime64[us]")[rows]),
                "arrives_at": copying.timestamps(np.array(table["arrives_at"], dtype="datetime64[us]")[rows]),
                **{n: texts(n) for n in ("cabin", "booking_class", "fare_basis", "status")},
                **{n: texts(n) for n in ("operating_carrier", "operating_number")},
            },
        )


_LATEST_SQL = """
SELECT wanted.place, latest.id
FROM unnest(%s::integer[], %s::text[]) AS wanted (place, locator)
CROSS JOIN LATERAL (
    SELECT b.id FROM profiles_booking b WHERE b.locator = wanted.locator ORDER BY b.created_at DESC LIMIT 1
) latest
"""


def by_locator(locators: Sequence[str | None]) -> list[bytes | None]:
    """The id of the latest booking with each locator; None where there is none."""
    places = [at for at, locator in enumerate(locators) if locator]
    found: dict[int, bytes] = {}
    if places:
        with connection.cursor() as cursor:
            cursor.execute(_LATEST_SQL, [places, [locators[at] for at in places]])
            found = {place: booking.bytes for place, booking in cursor.fetchall()}
    return [found.get(at) for at in range(len(locators))]
