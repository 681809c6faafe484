"""The one door through which analytics reads people: every statement carries the gate of the purpose `analytics`."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import connection

from iaros.lib import clock, sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Purpose
from privacy import consent
from profiles.currency import minor_units

_AS_OF_SQL = """
SELECT coalesce(
    (SELECT max(as_of) FROM segmentation_featurerun WHERE finished_at IS NOT NULL),
    (SELECT max(as_of) FROM segmentation_featurevector)
)
"""


def data_as_of() -> datetime:
    """The moment up to which the data was last worked through; this moment where nothing was yet.

    Windows end here, not at the clock: a demo airline's last day, or a feed that stopped, must not look like a slump.
    """
    with connection.cursor() as cursor:
        cursor.execute(_AS_OF_SQL)
        found = cursor.fetchone()[0]
    return found or clock.now()


def ask(file: str, *, person: str = "e.customer_id", email_gate: str = "", **params: Any) -> list[dict[str, Any]]:
    """Run `sql/<file>`, whose `{gate}` becomes the gate on the column `person`, and return its rows.

    `email_gate` is a second gate for a statement that counts who may be sent marketing e-mails.
    """
    gate, values = consent.gate(Purpose.ANALYTICS, customer=person)
    statement = sql.text("analytics", file).replace("{gate}", gate).replace("{email_gate}", email_gate)
    return sql.query(statement, {"minor_units": minor_units(), **values, **params})


def one(customer_id: uuid.UUID | None) -> dict[str, Any]:
    """Parameters that narrow a statement to one customer, or to nobody in particular."""
    return {"customer": customer_id, "bucket": None if customer_id is None else bucket_of(customer_id)}
