"""Log an answer. Comes in: the items shown in order. Goes out: the decision's id, which the answer carries."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from iaros.lib import clock
from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.purposes import Channel, Purpose
from recommendations.models import Decision


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
    decision = Decision(
        bucket=bucket_of(customer_id),
        id=uuid7(),
        customer_id=customer_id,
        items=list(items),
        propensities=list(propensities),
        policy=policy,
        version=version,
        fallback_level=fallback_level,
        purpose=purpose,
        channel=channel or "",
        client=client,
        at=clock.now(),
    )
    decision.save(force_insert=True)
    return decision.id
