"""Segments by size, reach, and who came and went lately."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.people import data_as_of
from iaros.lib import sql

WINDOW = timedelta(days=7)


@dataclass(frozen=True)
class SegmentMove:
    """`reach` counts the members who may be reached for the segment's purpose and channel."""

    id: uuid.UUID
    slug: str
    name: str
    description: str
    kind: str
    purpose: str
    channel: str
    status: str
    size: int
    reach: int
    counted_at: datetime | None
    entered: int
    gone: int

    @property
    def moved(self) -> int:
        """Members gained, net."""
        return self.entered - self.gone

    @property
    def new(self) -> bool:
        """Whether it was empty before the window: counted for the first time, or nobody was in it."""
        return self.size > 0 and self.moved == self.size


def segment_moves(as_of: datetime | None = None, window: timedelta = WINDOW) -> list[SegmentMove]:
    """Every segment, in the order in which they were made."""
    moment = as_of or data_as_of()
    rows = sql.fetch("analytics", "segments.sql", since=moment - window, as_of=moment)
    return [SegmentMove(**row) for row in rows]
