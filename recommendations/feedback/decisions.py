"""Log an answer. Comes in: the items shown in order. Goes out: the decision's id, which the answer carries."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection

from iaros.lib import arrays, clock
from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.purposes import Channel, Purpose

_LOG_SQL = """
INSERT INTO recommendations_decision
    (bucket, id, customer_id, items, propensities, policy, version, fallback_level, purpose, channel, client, at)
VALUES (%(bucket)s, %(id)s, %(customer_id)s, %(items)s::varchar[], %(propensities)s::float8[], %(policy)s, %(version)s,
        %(fallback_level)s, %(purpose)s, %(channel)s, %(client)s, %(at)s)
"""


def log(
    *,
    customer_id: uuid.UUID,
    items: Sequence[str],
    propensities: Sequence[float],
    policy: str,
    version: str,
    fallback_level: int,
    purpose: Purpose,
    channel: Channel | None,
    client: str = "",
) -> uuid.UUID:
    """Write one decision. An empty answer is one too: "no offer" is legal and must be countable."""
    decision_id = uuid7()
    row: dict[str, Any] = {
        "bucket": bucket_of(customer_id),
        "id": decision_id,
        "customer_id": customer_id,
        "items": arrays.of_texts(items),
        "propensities": arrays.of_texts(propensities),
        "policy": policy,
        "version": version,
        "fallback_level": int(fallback_level),
        "purpose": purpose.value,
        "channel": channel.value if channel else "",
        "client": client,
        "at": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOG_SQL, row)
    return decision_id
