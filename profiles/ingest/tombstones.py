"""Turns away mentions of people who were erased: a feed that still names them does not bring them back."""

from __future__ import annotations

import numpy as np

from privacy import erasure
from profiles.shapes import LookedUp
from profiles.sources.contract import Batch, Reject


def erased(batch: Batch, keys: list[LookedUp]) -> list[Reject]:
    """A reject for each line with a key of an erased person. Nothing of the person is written, not even why."""
    lookups = [lookup for column in keys for lookup in column.lookups if lookup is not None]
    gone = erasure.tombstoned(lookups) if erasure.anyone_erased() else set()
    if not gone:
        return []
    named = np.zeros(len(batch.native_key), dtype=bool)
    for column in keys:
        named |= np.fromiter((lookup in gone for lookup in column.lookups), dtype=bool, count=len(named))
    lines = np.unique(batch.line[named]).tolist()
    known = {reject.line for reject in batch.rejects}
    return [Reject(line, "person", "was erased", "nobody who was erased") for line in lines if line not in known]
