"""What the records of a chunk tell: events and statements of consent, gathered one by one into typed columns."""

from __future__ import annotations

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

_SAID = ("mention", "purpose", "channel", "state", "occurred_at", "method", "policy_version", "language")


class Happenings:
    """The facts that grow while records are read. Moments are microseconds since 1970, UTC."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._said: list[tuple[Any, ...]] = []

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
        short = item[:ITEM_LETTERS] if item else None
        by = channel[:CHANNEL_LETTERS] if channel else None
        self._rows.append((mention, kind.value, at, short, by, quantity, lead_days, haul, cabin, properties))

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
        said, by, how = purpose.value, channel.value if channel else "", method[:METHOD_LETTERS]
        policy = policy_version[:METHOD_LETTERS]
        self._said.append((mention, said, by, state, at, how, policy, language))
        self.event(
            *(mention, EventKind.CONSENT_CHANGED, at),
            item=f"{said}:{state}",
            channel=by or None,
            properties={"purpose": said, "state": state, "method": how, "policy_version": policy},
        )

    def facts(self) -> dict[str, dict[str, Any]]:
        """The columns, as a batch carries them."""
        found: dict[str, dict[str, Any]] = {}
        if self._rows:
            columns = dict(zip(_COLUMNS, map(list, zip(*self._rows, strict=True)), strict=True))
            found["events"] = _typed(columns, "mention", "kind", "quantity", "lead_days")
        if self._said:
            consents = dict(zip(_SAID, map(list, zip(*self._said, strict=True)), strict=True))
            found["consents"] = _typed(consents, "mention")
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
