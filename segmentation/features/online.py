"""One customer's vector, recomputed from the events as they stand now, by the declarations the batch uses."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from iaros.lib import clock
from segmentation.features import batch, facts, rfm
from segmentation.features.catalogue import NAMES
from segmentation.features.facts import Which


def vector(customer_id: UUID, as_of: datetime | None = None) -> dict[str, float]:
    """Every feature by name; empty for whoever may not be analysed or is not known.

    The `rfm:` features are placed against the limits of the last run over the whole base.
    """
    which = Which(customers=(str(customer_id),))
    people = facts.analysable(which)
    if not len(people):
        return {}
    values = batch.vectors(which, people, as_of or clock.now(), rfm.last_limits())[0]
    return dict(zip(NAMES, values.tolist(), strict=True))
