"""How many entered and left a segment, day by day, as the moves tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from segmentation.models.transitions import LEFT, OF_SEGMENT_SQL, PLACES

# Moves are summed by their numbers, of which there are few, before they are told apart.
_BY_DAY_SQL = """
SELECT s.id, n.at, n.move & %(left)s = 0 AS entered, sum(n.people)::bigint AS people
FROM (
    SELECT move, m.at, count(*) AS people
    FROM segmentation_moves m CROSS JOIN LATERAL unnest(m.moves) AS move
    WHERE m.at >= %(since)s AND m.at <= %(until)s {of_segment}
    GROUP BY move, m.at
) n
JOIN segmentation_segment s ON s.position = n.move & %(places)s
GROUP BY s.id, n.at, entered
"""
_OF_SEGMENT = f"AND m.moves && {OF_SEGMENT_SQL} AND move = ANY({OF_SEGMENT_SQL}::int[])"

Days = Mapping[date, tuple[int, int]]


def by_day(since: datetime, until: datetime | None = None, segment_id: UUID | None = None) -> Mapping[UUID, Days]:
    """By segment and day of the airline: how many entered, and how many left; of one segment only, where given."""
    statement = _BY_DAY_SQL.format(of_segment=_OF_SEGMENT if segment_id else "")
    params: dict[str, Any] = {"places": PLACES, "left": LEFT, "since": since, "segment": segment_id}
    params["until"] = until or datetime.max.replace(tzinfo=UTC)
    found: dict[UUID, dict[date, tuple[int, int]]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        for of, at, entered, people in cursor.fetchall():
            day = timezone.localtime(at).date()
            came, went = found[of].get(day, (0, 0))
            found[of][day] = (came + people, went) if entered else (came, went + people)
    return found
