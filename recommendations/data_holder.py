"""What recommendations hold about a person: the ranked lists and the log of answers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import models

from iaros.lib.ids import bucket_of
from recommendations import selectors
from recommendations.models import Decision, Recommendation


class RecommendationsHolder:
    """Connected by `iaros.wiring`; see `privacy.data_holders.DataHolder`."""

    name = "recommendations"
    models: ClassVar[tuple[type[models.Model], ...]] = (Recommendation, Decision)

    def export(self, customer_id: uuid.UUID) -> dict[str, Any]:
        """What we would offer and what we answered, in words; empty when nothing is held."""
        decisions = Decision.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id)
        held = {
            "recommendations": selectors.stored_lists(customer_id),
            "decisions": [
                {
                    "at": decision.at.isoformat(),
                    "items": decision.items,
                    "purpose": decision.purpose,
                    "channel": decision.channel,
                    "policy": decision.policy,
                    "version": decision.version,
                }
                for decision in decisions.order_by("at", "id")
            ],
        }
        return {name: rows for name, rows in held.items() if rows}

    def erase(self, customer_ids: Sequence[uuid.UUID]) -> dict[str, int]:
        """Delete every row of these people."""
        ids, buckets = list(customer_ids), {bucket_of(each) for each in customer_ids}
        lists = Recommendation.objects.filter(bucket__in=buckets, id__in=ids).delete()[0]
        decisions = Decision.objects.filter(bucket__in=buckets, customer_id__in=ids).delete()[0]
        return {"recommendations": lists, "decisions": decisions}
