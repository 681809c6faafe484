"""Analytics holds nothing about a person: its snapshots are counts and sums. The holder says so to whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model


class AnalyticsHolder:
    """Connected by `iaros.wiring`; see `privacy.data_holders.DataHolder`."""

    name = "analytics"
    models: ClassVar[tuple[type[Model], ...]] = ()

    def export(self, customer_id: UUID) -> dict[str, Any]:
        """Nothing is held."""
        return {}

    def erase(self, customer_ids: Sequence[UUID]) -> dict[str, int]:
        """Nothing is to be deleted; figures are counted anew by the next refresh."""
        return {}
