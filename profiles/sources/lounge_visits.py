"""Visits of lounges, one row an entry, as the door or the front desk notes them. CSV or JSON.

Known by the member number, or by name and booking. Guests are counted, not named.
"""

from __future__ import annotations

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind
from profiles.sources.contract import Family
from profiles.sources.template import Template, connector
from profiles.sources.told import LOCATOR, LOYALTY_NUMBER, Told

_PSEUDONYM, _IDENTITY = Sensitivity.PSEUDONYM, Sensitivity.IDENTITY
FIELDS = (
    Told(
        "Visit Id", "text", "LV-20311", _PSEUDONYM, required=True, to=("key",), aliases=("Visit", "Scan Id", "visit_id")
    ),
    Told("Lounge", "item", "CPH Nordic", required=True, to=("event.item",), aliases=("Lounge Name", "lounge_code")),
    Told(
        "Entered At",
        "moment",
        "2026-10-30T16:05:00Z",
        required=True,
        to=("event.at",),
        aliases=("Entry Time", "Scanned At", "entered_at"),
    ),
    Told("Left At", "moment", "2026-10-30T17:20:00Z", aliases=("Exit Time", "left_at")),
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
    Told("Access By", "text", "tier", to=("property.access",), longest=20, aliases=("Entitlement", "access_by")),
    Told("Guests", "whole number", "1", to=("property.guests",), high=99),
    Told("Amount", "amount", "32.00", to=("event.value",), aliases=("Fee", "Price")),
    Told("Currency", "ISO 4217", "EUR", to=("event.currency",)),
)

CONNECTOR = connector(
    Template(
        name="lounge_visits",
        title="Lounge visits",
        family=Family.EXTERNAL,
        purpose=Purpose.SERVICING,
        fields=FIELDS,
        kind=EventKind.LOUNGE_VISITED,
        told_by=("Lounge", "Entered At"),
    ),
    __doc__,
)
