"""What was sold on board, one row an item of a receipt. CSV or JSON.

Cards stay with the till: no field here takes a number of one.
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
        "Receipt", "text", "R-55120", _PSEUDONYM, required=True, to=("key",), aliases=("Receipt Number", "receipt_id")
    ),
    Told("Line", "whole number", "1", required=True, to=("key",), high=999, aliases=("Receipt Line", "line_number")),
    Told(
        "Sold At",
        "moment",
        "2026-10-30T19:02:00Z",
        required=True,
        to=("event.at",),
        aliases=("Transaction Time", "sold_at"),
    ),
    Told("Category", "item", "meal", required=True, to=("event.item",), aliases=("Product Category", "category")),
    Told("Product", "text", "Smoked salmon", to=("property.product",), longest=40, aliases=("SKU", "Item")),
    Told("Quantity", "whole number", "1", to=("event.quantity",), low=1, high=999, aliases=("Qty",)),
    Told("Amount", "amount", "11.00", required=True, to=("event.value",), aliases=("Total", "Price")),
    Told("Currency", "ISO 4217", "EUR", required=True, to=("event.currency",)),
    Told("Flight", "text", "NV201", to=("property.flight",), longest=8, aliases=("Flight Number", "flight_number")),
    Told("Cabin", "cabin", "Y", to=("event.cabin",)),
    Told("Paid By", "code", "card", to=("property.paid_by",), code="form_of_payment", aliases=("Tender", "paid_by")),
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
)

CONNECTOR = connector(
    Template(
        name="onboard_sales",
        title="Sales on board",
        family=Family.EXTERNAL,
        purpose=Purpose.SERVICING,
        fields=FIELDS,
        kind=EventKind.ANCILLARY_BOUGHT,
        channel="onboard",
        told_by=("Receipt", "Line", "Sold At"),
    ),
    __doc__,
)
