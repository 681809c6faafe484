"""Which tables of this app a run changes, and by what its rows are known.

A new typed fact is a row here; reference tables join by themselves. The `undo_...` tables of the conditions are made
by `profiles.rollback.taking_back` in its transaction.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from iaros.lib import undo
from iaros.lib.undo import Kept
from privacy import ledger
from profiles.ingest.reference import TABLES
from profiles.ingest.runs import PROBABLE, WAITING
from profiles.models import Source
from profiles.sources import unclaimed
from profiles.sources.catalogue import CONNECTORS

# What is no feed, and has runs all the same: mentions that waited, customers joined, files that nobody claims.
_ACTS = (WAITING, PROBABLE, unclaimed.CONNECTOR.name)
_OF_RECORD = "t.record_id IN (SELECT record_id FROM undo_records WHERE landed)"
# Facts of mentions that had waited are told by the run that linked them.
_TOLD = "t.record_id IN (SELECT record_id FROM undo_records)"
_NEW_CUSTOMER = "(t.bucket, t.id) IN (SELECT bucket, id FROM undo_born)"
_CUSTOMER = "(t.bucket, t.customer_id) IN (SELECT bucket, id FROM undo_customers)"
_OF_BOOKING = "(t.bucket, t.booking_id) IN (SELECT bucket, id FROM undo_bookings)"
_OF_RUN = "t.run_id = %(run)s"


# Ids ascend in time: the range of a run's messages is found by the blocks of the table, and few others lie in it.
_OF_MESSAGE = """
t.message_id BETWEEN %(first_message)s AND %(last_message)s AND t.message_id IN (SELECT id FROM undo_messages)
"""


def _fact(table: str, *same: str) -> Kept:
    return Kept(table, ("bucket", *same), "customer_id", born=_TOLD, found=(_CUSTOMER,), same=same)


PEOPLE: tuple[Kept, ...] = (
    Kept("profiles_message", ("id",), "sealed_as", born=_OF_RUN),
    Kept("profiles_sourcerecord", ("bucket", "id"), "id", born=_OF_MESSAGE, found=(_OF_MESSAGE,)),
    Kept("profiles_link", ("bucket", "customer_id", "record_id", "linked_at"), "customer_id", born=_OF_RECORD),
    Kept("profiles_unlinkedkey", ("id",), "record_id", born=_OF_RECORD),
    Kept(
        "profiles_identifier",
        ("lookup", "kind", "customer_id"),
        "customer_id",
        born=_OF_RECORD,
        found=("t.customer_id IN (SELECT id FROM undo_customers)",),
    ),
    Kept("profiles_customer", ("bucket", "id"), "id", born=_NEW_CUSTOMER),
    Kept("profiles_searchkeys", ("bucket", "id"), "id", born=_NEW_CUSTOMER),
    Kept("profiles_enrichment", ("bucket", "id"), "id", born=_NEW_CUSTOMER),
    Kept(
        "profiles_profile",
        ("bucket", "id"),
        "id",
        born=f"(t.updated_at = %(began)s OR {_NEW_CUSTOMER})",
        found=("(t.bucket, t.id) IN (SELECT bucket, id FROM undo_customers)",),
    ),
    Kept(
        "profiles_booking",
        ("bucket", "id"),
        "id",
        born="(t.bucket, t.id) IN (SELECT bucket, id FROM undo_bookings WHERE born)",
    ),
    Kept(
        "profiles_flightleg",
        ("bucket", "id"),
        "booking_id",
        born="t.id >= %(first_number)s AND t.booking_id IN (SELECT id FROM undo_bookings)",
        found=(_OF_BOOKING,),
    ),
    _fact("profiles_passenger", "record_id"),
    _fact("profiles_coupon", "record_id", "ticket_number", "number"),
    _fact("profiles_ancillary", "id"),
    _fact("profiles_servicerequest", "id"),
    _fact("profiles_loyaltyactivity", "record_id"),
    Kept(
        "profiles_event",
        ("occurred_at", "id"),
        "customer_id",
        born=_OF_RECORD,
        found=(_CUSTOMER, "t.bucket IS NULL AND t.customer_id IS NULL"),
    ),
    # A row that a later run sent again waits for that run as well.
    Kept("profiles_quarantinedrow", ("id",), "id", born=f"{_OF_RUN} AND t.last_seen_run_id = %(run)s"),
    Kept("profiles_exchangerate", ("id",), "run_id", born=_OF_RUN),
    Kept("profiles_qualitymeasure", ("id",), "run_id", born=_OF_RUN),
)


def reference() -> tuple[Kept, ...]:
    """Tables about nobody."""
    names = sorted({model._meta.db_table for model in TABLES.values()})
    return tuple(Kept(name, ("id",), "id", born=_OF_RUN) for name in names)


def all_tables() -> tuple[Kept, ...]:
    """Every table that a run changes, those of the consent ledger included."""
    return (*PEOPLE, *reference(), *ledger.KEPT)


def watch_after_migrate(sender: Any, **_: Any) -> None:
    """Once a migrate: tables that joined get their triggers, feeds that joined their numbers.

    A feed has its number before its first run, so that the run leaves nothing behind when it is taken back.
    """
    undo.watch(all_tables())
    if Source._meta.db_table in connection.introspection.table_names():
        known = set(Source.objects.values_list("name", flat=True))
        Source.objects.bulk_create(
            [Source(name=name) for name in (*CONNECTORS, *_ACTS) if name not in known], ignore_conflicts=True
        )
