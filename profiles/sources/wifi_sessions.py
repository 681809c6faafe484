"""Sessions on the internet on board, one row a session. CSV or JSON.

A session that was paid for is an extra bought; one that came with the ticket only adds the mention. Devices on board
are shared and their addresses random, so none is kept.
"""

from __future__ import annotations

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind
from profiles.sources.contract import Family
from profiles.sources.template import Template, connector
from profiles.sources.told import LOCATOR, LOYALTY_NUMBER, Told

_PSEUDONYM, _IDENTITY = Sensitivity.PSEUDONYM, Sensitivity.IDENTITY
_BOUGHT = EventKind.ANCILLARY_BOUGHT.value
_ACCESS = {"paid": _BOUGHT, "purchased": _BOUGHT, "voucher": 0, "free": 0, "complimentary": 0, "tier": 0, "trial": 0}
FIELDS = (
    Told("Session Id", "text", "WS-88120", _PSEUDONYM, required=True, to=("key",), aliases=("session_id", "Session")),
    Told(
        "Connected At",
        "moment",
        "2026-10-30T18:40:00Z",
        required=True,
        to=("event.at",),
        aliases=("Session Start", "Started At", "connected_at"),
    ),
    Told(
        "Access",
        "kind",
        "paid",
        required=True,
        to=("event.kind",),
        choices=_ACCESS,
        aliases=("Access Type", "access_type"),
    ),
    Told("Flight", "text", "NV201", to=("property.flight",), longest=8, aliases=("Flight Number", "flight_number")),
    Told("Product", "item", "wifi", to=("event.item",), aliases=("Package", "Plan")),
    Told(
        "Loyalty Number",
        "text",
        "480934",
        _PSEUDONYM,
        to=("identifier.loyalty_number",),
        longest=20,
        aliases=LOYALTY_NUMBER,
    ),
    Told("Locator", "text", "7KQX2M", _PSEUDONYM, to=("traveller.locator",), longest=8, aliases=LOCATOR),
    Told("Surname", "text", "SOLHEIM", _IDENTITY, to=("person.surname",), aliases=("Last Name", "last_name")),
    Told("Given Name", "text", "INGRID", _IDENTITY, to=("person.given_name",), aliases=("First Name", "first_name")),
    Told("Email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT, to=("identifier.email",)),
    Told("Minutes", "whole number", "95", to=("property.minutes",), high=2000, aliases=("Duration Minutes",)),
    Told("Megabytes", "number", "212.5", to=("property.megabytes",), high=1e6, aliases=("Data MB", "MB Used")),
    Told("Amount", "amount", "9.00", to=("event.value",), aliases=("Price", "Paid")),
    Told("Currency", "ISO 4217", "EUR", to=("event.currency",)),
)

CONNECTOR = connector(
    Template(
        name="wifi_sessions",
        title="Wi-fi sessions on board",
        family=Family.EXTERNAL,
        purpose=Purpose.SERVICING,
        fields=FIELDS,
        channel="wifi",
        told_by=("Session Id", "Connected At", "Access"),
    ),
    __doc__,
)
