"""Turns away mentions of people who were erased: a feed that still names them does not bring them back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from privacy import encryption, erasure
from profiles.ingest import messages
from profiles.models import IdentifierKind
from profiles.shapes import LookedUp
from profiles.sources.contract import Batch, Connector, Reject


def turn_away(batch: Batch, keys: list[LookedUp], connector: Connector) -> tuple[Batch, set[int]]:
    """The batch without people who were erased, and the lines of which nothing may be written, not even why.

    Where others stand on the same line, a booking, theirs goes on without the erased passenger.
    """
    lookups = [lookup for column in keys for lookup in column.lookups if lookup is not None]
    gone = erasure.tombstoned(lookups) if erasure.anyone_erased() else set()
    if not gone:
        return batch, set()
    erased = _erased(keys, gone, len(batch.native_key))
    lines = set(batch.line[erased].tolist())
    shared = lines & set(batch.line[~erased].tolist()) if batch.party else set()
    whole = lines - shared
    known = {reject.line for reject in batch.rejects}
    rejects = [Reject(line, "person", "was erased", "nobody who was erased") for line in sorted(whole - known)]
    turned_away = [at for at in np.flatnonzero(erased).tolist() if batch.line[at] in shared]
    native = encryption.record_keys(connector.name, [batch.native_key[at] for at in turned_away])

    # A contact of the booking that is said to be no passenger's is no key, but may be the erased person's all the same.
    def is_theirs(lookup: bytes) -> bool:
        return lookup in gone or bool(erasure.tombstoned([lookup]))

    redacted = {line: messages.without(connector, batch.lines.raw[line], native, is_theirs) for line in shared}
    rejects = [*batch.rejects, *rejects]
    return replace(
        batch, rejects=rejects, turned_away=frozenset(turned_away), redacted={**batch.redacted, **redacted}
    ), whole


def _erased(keys: list[LookedUp], gone: set[bytes], mentions: int) -> NDArray[np.bool_]:
    """Mentions with a key of an erased person. A device says nothing where somebody else has signed in on it."""
    identified = np.zeros(mentions, dtype=bool)
    for column in keys:
        identified |= column.keys.claims & np.array([lookup is not None for lookup in column.lookups], dtype=bool)
    erased = np.zeros(mentions, dtype=bool)
    for column in keys:
        named = np.array([lookup in gone for lookup in column.lookups], dtype=bool)
        erased |= named & ~identified if column.keys.kind == IdentifierKind.DEVICE else named
    return erased
