"""With whom somebody lives and travels, as numbers. Who they are stands nowhere: it follows from the same surname and
address, and from bookings, whenever it is asked for; so merges and splits have nothing to move."""

from __future__ import annotations

from typing import Any

from profiles.enrichment.enricher import Enricher
from profiles.enrichment.history import History


def ties(history: History) -> dict[str, Any]:
    """People of the household, the person included, and others on two trips or more."""
    return {"household_size": history.ties.household, "companions": history.ties.companions}


TIES = Enricher(
    "ties",
    "Lives and travels with",
    ("profiles_searchkeys", "profiles_passenger", "profiles_booking"),
    ("household_size", "companions"),
    "none: counted; of one surname and address, and on two bookings or more",
    ties,
)
