"""What crosses from one stage of a batch to the next: columns in memory, one entry a mention that goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from iaros.lib.reports import Spent
from privacy.encryption import Sealer
from profiles.sources.contract import Batch, Connector, Keys, Reject

Block = NDArray[np.uint8]  # identifiers, shape (n, 16)


@dataclass(frozen=True)
class Counts:
    """read = new + updated + unchanged + quarantined."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0

    @property
    def read(self) -> int:
        return self.new + self.updated + self.unchanged + self.quarantined

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.new + other.new,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.quarantined + other.quarantined,
        )


@dataclass(frozen=True)
class Feed:
    """Which feed a batch is of, which run takes it in, and what time that took."""

    connector: Connector
    source_id: int
    run_id: UUID
    received_at: datetime
    spent: Spent = field(default_factory=Spent, compare=False)


@dataclass(frozen=True)
class LookedUp:
    """Keys of one kind with their keyed hashes; None where a mention has no such key."""

    keys: Keys
    lookups: list[bytes | None]


@dataclass
class Landed:
    """The mentions of a batch that are new or changed. `mention` points into the batch; all else is parallel to it.

    `previous` holds, by position, the record that a changed mention supersedes. `quarantine` are the rows set aside
    while landing, beside those the connector rejected.
    """

    feed: Feed
    batch: Batch
    mention: NDArray[np.int64]
    record: Block
    record_bucket: NDArray[np.int16]
    previous: dict[int, UUID]
    person: dict[str, list[str | None]]
    keys: list[LookedUp]
    counts: Counts
    quarantine: list[Reject] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.mention)


@dataclass
class Resolved:
    """Who each landed mention is. `customer` is zero where `linked` is false: nobody is known to be it yet.

    `created` marks mentions whose customer was created in this batch; `sealers` are those customers' keys.
    `merges` are pairs (survivor, duplicate) of customers found to be one person. Of changed mentions, by position:
    `left` is the customer an earlier version was wrongly linked to, `waited` those whose earlier version was nobody's.
    """

    customer: Block
    linked: NDArray[np.bool_]
    created: NDArray[np.bool_]
    sealers: dict[bytes, Sealer]
    merges: list[tuple[UUID, UUID]]
    left: dict[int, bytes] = field(default_factory=dict)
    waited: list[int] = field(default_factory=list)
