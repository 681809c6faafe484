"""The table of all feeds. A new one is a file beside this one and a row here."""

from __future__ import annotations

from collections.abc import Callable

from profiles.sources import (
    competitor_fares,
    consents,
    exchange_rates,
    loyalty_activity,
    loyalty_members,
    pnr,
    web_events,
)
from profiles.sources.contract import Connector, Sample

# Each raises RefusedFile where it recognises what must not come in.
REFUSALS: tuple[Callable[[Sample], None], ...] = ()

CONNECTORS: dict[str, Connector] = {
    connector.name: connector
    for connector in (
        loyalty_members.CONNECTOR,
        loyalty_activity.CONNECTOR,
        pnr.CONNECTOR,
        web_events.CONNECTOR,
        consents.CONNECTOR,
        competitor_fares.CONNECTOR,
        exchange_rates.CONNECTOR,
    )
}


def recognise(sample: Sample) -> Connector | None:
    """The feed that a file looks most like, or None. Raises RefusedFile for what must not come in."""
    refuse(sample)
    sure = {c.name: c.recognises(sample) for c in CONNECTORS.values() if c.recognises}
    best = max(sure, key=sure.__getitem__, default=None)
    return CONNECTORS[best] if best and sure[best] >= 0.5 else None


def refuse(sample: Sample) -> None:
    """Raises RefusedFile for what must not come in, whatever feed it is said to be of."""
    for refusal in REFUSALS:
        refusal(sample)
