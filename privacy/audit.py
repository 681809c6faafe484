"""The audit trail: one row a request with the ids it read, one row a run of a batch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils import timezone

from iaros.accounts.models import ApiClient, User
from iaros.lib import arrays, sql
from iaros.lib.ids import uuid7

# The array must be written as one element asked for, or the index over `ids` is not used.
_FOR_CUSTOMER_SQL = """
SELECT occurred_at, action, actor, client, purpose, route, reason, details
FROM privacy_auditevent
WHERE ids @> ARRAY[%(customer)s]::uuid[]
ORDER BY occurred_at DESC, id DESC
LIMIT %(limit)s
"""

_RECORD_SQL = """
INSERT INTO privacy_auditevent
    (id, occurred_at, action, actor, client, purpose, ids, route, reason, details)
VALUES (%(id)s, %(occurred_at)s, %(action)s, %(actor)s, %(client)s, %(purpose)s, %(ids)s::uuid[], %(route)s, %(reason)s,
        %(details)s::jsonb)
"""


@dataclass(frozen=True)
class AuditLine:
    """What one row of the trail says."""

    occurred_at: datetime
    action: str
    actor: str
    client: str
    purpose: str
    route: str
    reason: str
    details: dict[str, Any] | None

    @property
    def who(self) -> str:
        return self.actor or self.client or "the platform"


def record(
    *,
    action: str,
    actor: User | None = None,
    client: ApiClient | None = None,
    purpose: str | None = None,
    ids: Iterable[UUID] = (),
    route: str = "",
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Write one row, in the caller's transaction: what is rolled back was not done, and is not told."""
    row: dict[str, Any] = {
        "id": uuid7(),
        "occurred_at": timezone.now(),
        "action": action,
        "actor": actor.get_username() if actor else "",
        "client": str(client) if client else "",
        "purpose": purpose or "",
        "ids": arrays.of_uuids(ids),
        "route": route[:200],
        "reason": reason,
        "details": None if details is None else json.dumps(details, cls=DjangoJSONEncoder),
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_SQL, row)


def reads(
    what: str,
    *,
    ids: Iterable[UUID],
    purpose: str,
    actor: User | None = None,
    client: ApiClient | None = None,
    route: str = "",
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """`record` for a read of people: `what` was shown to them ("profile", "segment members")."""
    record(
        action=f"read {what}",
        actor=actor,
        client=client,
        purpose=purpose,
        ids=ids,
        route=route,
        reason=reason,
        details=details,
    )


def for_customer(customer_id: UUID, limit: int = 50) -> list[AuditLine]:
    """What was done with this person's data, newest first."""
    rows = sql.query(_FOR_CUSTOMER_SQL, {"customer": customer_id, "limit": limit})
    return [AuditLine(**row) for row in rows]
