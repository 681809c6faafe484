"""Reads of profiles for pages, API and commands."""

from __future__ import annotations

from typing import Any

from profiles.models import QuarantinedRow

MOST_FAULTS = 100


def faults_of(run_id: str, limit: int = MOST_FAULTS) -> list[dict[str, Any]]:
    """The rows of a run that were set aside: row in the file, field, reason, what was expected."""
    rows = QuarantinedRow.objects.filter(last_seen_run_id=run_id).order_by("row", "id")
    return list(rows.values("row", "field", "reason", "expected")[:limit])
