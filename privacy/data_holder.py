"""What privacy itself holds about a person: their key and standing, what they said, what was done, what they asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Model

from iaros.lib.ids import bucket_of
from privacy import audit, consent
from privacy.ledger import rewriting
from privacy.models import AuditEvent, ConsentEvent, ConsentEvidence, ConsentState, RightsRequest, Subject, Tombstone

AUDIT_LINES = 10_000

_ERASE_SQL = """
DELETE FROM {table} WHERE bucket = ANY(%(buckets)s::smallint[]) AND customer_id = ANY(%(ids)s::uuid[])
"""


class PrivacyHolder:
    """Consent goes; the trail, the requests and the bare fact of the erasure stay, as the law asks."""

    name = "privacy"
    models: Sequence[type[Model]] = (
        Subject,
        ConsentEvent,
        ConsentEvidence,
        ConsentState,
        AuditEvent,
        RightsRequest,
        Tombstone,
    )

    def export(self, customer_id: UUID) -> dict[str, Any]:
        return {
            "consent": [_statement(entry) for entry in consent.history(customer_id)],
            "consent_now": [
                {"purpose": s.purpose, "channel": s.channel, "state": s.state, "since_at": s.since_at}
                for s in consent.states(customer_id)
            ],
            "kept_by_law": {
                "standing": list(
                    Subject.objects.filter(bucket=bucket_of(customer_id), id=customer_id).values(
                        "restricted_at", "erased_at"
                    )
                ),
                "requests": list(
                    RightsRequest.objects.filter(customer_id=customer_id)
                    .order_by("received_at", "id")
                    .values("kind", "state", "received_at", "due_at", "completed_at")
                ),
                "who_read_it": [
                    {
                        "at": line.occurred_at,
                        "action": line.action,
                        "by": line.who,
                        "purpose": line.purpose,
                    }
                    for line in audit.for_customer(customer_id, limit=AUDIT_LINES)
                ],
            },
        }

    def erase(self, customer_ids: Sequence[UUID]) -> dict[str, int]:
        params = {"ids": list(customer_ids), "buckets": [bucket_of(each) for each in customer_ids]}
        counts = {}
        with rewriting() as cursor:
            for model in (ConsentEvent, ConsentState):
                cursor.execute(_ERASE_SQL.format(table=model._meta.db_table), params)
                counts[model._meta.db_table] = cursor.rowcount
        answered = RightsRequest.objects.filter(customer_id__in=customer_ids, package__isnull=False)
        counts["privacy_rightsrequest.package"] = answered.update(package=None)
        return counts


def _statement(entry: consent.ConsentEntry) -> dict[str, Any]:
    return {
        "purpose": entry.purpose,
        "channel": entry.channel,
        "state": entry.state,
        "occurred_at": entry.occurred_at,
        "method": entry.method,
        "policy_version": entry.policy_version,
        "language": entry.language,
        "source": entry.source,
    }
