"""What the records of a chunk tell: events and statements of consent, gathered one by one into typed columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.contract import Keys

ITEM_LETTERS, CHANNEL_LETTERS, METHOD_LETTERS = 24, 8, 40
_COLUMNS = (
    *("mention", "kind", "occurred_at", "item", "channel", "quantity"),
    *("lead_days", "haul", "cabin", "properties"),
)


class Happenings:
    """The facts that grow while records are read. Moments are microseconds since 1970, UTC."""

    def __init__(self) -> None:
        self._events: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        self._consents: dict[str, list[Any]] = defaultdict(list)

    def event(
        self,
        mention: int,
        kind: EventKind,
        at: int,
        *,
        item: str | None = None,
        channel: str | None = None,
        quantity: int = 1,
        lead_days: int = -1,
        haul: str | None = None,
        cabin: str | None = None,
        properties: dict[str, Any] | None = None,
    ) -> None:
        """One thing that happened. `item` and `channel` are cut to what the table holds."""
        row = (
            *(mention, kind.value, at, item[:ITEM_LETTERS] if item else None),
            *(channel[:CHANNEL_LETTERS] if channel else None, quantity, lead_days, haul, cabin, properties),
        )
        for column, value in zip(self._events.values(), row, strict=True):
            column.append(value)

    def consent(
        self,
        mention: int,
        purpose: Purpose,
        state: str,
        at: int,
        *,
        method: str,
        channel: Channel | None = None,
        policy_version: str = "",
        language: str | None = None,
    ) -> None:
        """What a person said about a purpose, with the event that tells of it.

        The event carries the whole statement: where nobody is known to have said it yet, it waits with the mention.
        """
        row = {
            "mention": mention,
            "purpose": purpose.value,
            "channel": channel.value if channel else "",
            "state": state,
            "occurred_at": at,
            "method": method[:METHOD_LETTERS],
            "policy_version": policy_version[:METHOD_LETTERS],
            "language": language,
        }
        for name, value in row.items():
            self._consents[name].append(value)
        self.event(
            *(mention, EventKind.CONSENT_CHANGED, at),
            item=f"{purpose.value}:{state}",
            channel=row["channel"] or None,  # type: ignore[arg-type]
            properties={name: row[name] for name in ("purpose", "state", "method", "policy_version")},
        )

    def facts(self) -> dict[str, dict[str, Any]]:
        """The columns, as a batch carries them."""
        found: dict[str, dict[str, Any]] = {}
        if self._events["mention"]:
            found["events"] = _typed(self._events, "mention", "kind", "quantity", "lead_days")
        if self._consents:
            found["consents"] = _typed(self._consents, "mention")
        return found


def _typed(columns: dict[str, list[Any]], *whole: str) -> dict[str, Any]:
    moments = np.array(columns["occurred_at"], dtype=np.int64).astype("datetime64[us]")
    numbers = {name: np.array(columns[name], dtype=np.int64) for name in whole}
    return {**columns, **numbers, "occurred_at": moments}


def micros(moments: NDArray[np.datetime64]) -> list[int | None]:
    """Moments as microseconds since 1970; NaT as None."""
    known = ~np.isnat(moments)
    whole = moments.astype("datetime64[us]").astype(np.int64).tolist()
    return [at if is_known else None for at, is_known in zip(whole, known.tolist(), strict=True)]


def keys_of(*columns: tuple[IdentifierKind, Sequence[str | None]], purpose: Purpose = Purpose.SERVICING) -> list[Keys]:
    """Keys for a feed that adds to people known elsewhere, the strongest first.

    Of each mention only the first key that it has may claim: a caller asks about a companion's booking with a number
    of her own, and two keys of two people would make them one. A device or a telephone never claims.
    """
    taken = np.zeros(len(columns[0][1]), dtype=bool)
    found = []
    for kind, values in columns:
        present = np.array([bool(value) for value in values], dtype=bool)
        weak = kind in (IdentifierKind.DEVICE, IdentifierKind.PHONE)
        found.append(Keys(kind, list(values), np.zeros(len(values), dtype=bool) if weak else present & ~taken, purpose))
        taken |= present & ~np.bool_(weak)
    return found


def account(system: str, numbers: Sequence[str | None]) -> list[str | None]:
    """Ids in a vendor's system as keys: `zendesk:2207`."""
    return [f"{system}:{number}" if number else None for number in numbers]
