"""Nights in partners' hotels and days in their cars, one row a stay, as partners report them for points.

CSV or JSON. Known by the member number alone: points are credited by nothing else.
"""

from __future__ import annotations

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind
from profiles.sources.contract import Family
from profiles.sources.template import Template, connector
from profiles.sources.told import LOYALTY_NUMBER, Told

_PSEUDONYM, _IDENTITY = Sensitivity.PSEUDONYM, Sensitivity.IDENTITY
_SERVICES = {"hotel": "hotel", "stay": "hotel", "lodging": "hotel", "car": "car", "car rental": "car", "rental": "car"}
FIELDS = (
    Told(
        "Partner",
        "text",
        "HARBOUR",
        required=True,
        to=("key", "property.partner"),
        longest=20,
        aliases=("Partner Code",),
    ),
    Told("Confirmation", "text", "H-771203", _PSEUDONYM, required=True, to=("key",), aliases=("Confirmation Number",)),
    Told("Service", "choice", "hotel", required=True, to=("event.item",), choices=_SERVICES, aliases=("Product Type",)),
    Told(
        "Starts At",
        "moment",
        "2026-10-30T14:00:00Z",
        required=True,
        to=("event.at",),
        aliases=("Check In", "Pick Up", "starts_at"),
    ),
    Told(
        "Days",
        "whole number",
        "3",
        required=True,
        to=("event.quantity",),
        low=1,
        high=400,
        aliases=("Nights", "Rental Days"),
    ),
    Told(
        "Loyalty Number",
        "text",
        "480934",
        _PSEUDONYM,
        required=True,
        to=("identifier.loyalty_number",),
        longest=20,
        aliases=LOYALTY_NUMBER,
    ),
    Told("Surname", "text", "Solheim", _IDENTITY, to=("person.surname",), aliases=("Last Name", "last_name")),
    Told("Given Name", "text", "Ingrid", _IDENTITY, to=("person.given_name",), aliases=("First Name", "first_name")),
    Told("City", "text", "Lisbon", to=("property.city",), aliases=("Location",)),
    Told("Amount", "amount", "412.00", to=("event.value",), aliases=("Spend", "Revenue")),
    Told("Currency", "ISO 4217", "EUR", to=("event.currency",)),
    Told("Points", "whole number", "800", to=("property.points",), high=10_000_000, aliases=("Miles",)),
)

CONNECTOR = connector(
    Template(
        name="partner_stays",
        title="Stays and rentals at partners",
        family=Family.EXTERNAL,
        purpose=Purpose.SERVICING,
        fields=FIELDS,
        kind=EventKind.PARTNER_STAY,
        channel="partner",
        freshness_hours=24 * 8,
    ),
    __doc__,
)
