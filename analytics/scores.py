"""Scores as analytics reads them: one customer's, and whether a model has scored anybody at all."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from analytics.people import ask, one

NO_CHAMPION = "no champion"
SCORED = "scored"
_HAS_SCORES_SQL = "SELECT EXISTS (SELECT 1 FROM segmentation_score WHERE name = %s AND entity_kind = 'customer')"


@dataclass(frozen=True)
class OwnScore:
    """A customer's score with its interval and reasons, the strongest first; all empty under "no champion"."""

    state: str
    value: float | None
    low: float | None
    high: float | None
    reasons: list[dict[str, Any]]
    as_of: datetime | None


def has_scores(name: str) -> bool:
    """Whether the model `name` serves: a model short of its gate scores nobody."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_SCORES_SQL, [name])
        return bool(cursor.fetchone()[0])


def own_score(customer_id: uuid.UUID, name: str) -> OwnScore:
    """What the model said about the customer, if it serves and the gate lets it be read."""
    rows = ask("own_score.sql", person="e.entity_id", name=name, **one(customer_id))
    if not rows:
        return OwnScore(NO_CHAMPION, None, None, None, [], None)
    return OwnScore(state=SCORED, **rows[0])
