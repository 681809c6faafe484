"""The table of all feeds. A new one is a file beside this one and a row here."""

from __future__ import annotations

from profiles.sources import (
    competitor_fares,
    consents,
    exchange_rates,
    loyalty_activity,
    loyalty_members,
    pnr,
    web_events,
)
from profiles.sources.contract import Connector

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
