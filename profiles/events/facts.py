"""Writes what happened: bookings, coupons, extras, points, and one event for each.

Comes in: landed mentions and who they are. Goes out: typed facts and events. Facts of a mention that changed replace
the ones it told before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import orjson
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from iaros.lib import copying, partitions, staging
from iaros.lib.ids import numbers as random_numbers
from iaros.lib.ids import uuid7_block
from privacy import subjects
from profiles.currency import in_base_currency
from profiles.events import bookings, retold, unseated
from profiles.shapes import Block, Feed, Landed, Resolved
from profiles.sources import codes

if TYPE_CHECKING:
    import pandas as pd

_FACT_TABLES = (
    "profiles_passenger",
    "profiles_coupon",
    "profiles_ancillary",
    "profiles_servicerequest",
    "profiles_loyaltyactivity",
)
# Events of nobody stand under no bucket; there are few, and seldom is one of them told anew.
_FORGET_NOBODYS_SQL = """
DELETE FROM profiles_event WHERE bucket IS NULL AND customer_id IS NULL AND record_id = ANY(%s)
"""
_FORGET_WAITING_SQL = "DELETE FROM profiles_unlinkedkey WHERE record_id = ANY(%s)"
_FORGET_SQL = """
DELETE FROM {table} f USING facts_superseded s
WHERE f.bucket = s.bucket AND f.customer_id = s.customer_id AND f.record_id = s.record_id
"""


def ensure_partitions(events: dict[str, Any] | None) -> None:
    """Make the monthly partitions that these events need; call it before the batch's transaction begins."""
    if events and len(events["occurred_at"]):
        # Month by month and not from the first to the last: a single event of 2099 must not make a thousand tables.
        months = np.unique(np.asarray(events["occurred_at"], dtype="datetime64[us]").astype("datetime64[M]"))
        partitions.ensure_each("profiles_event", months[~np.isnat(months)].astype("datetime64[D]").tolist())


def write(landed: Landed, resolved: Resolved) -> list[bytes]:
    """Write the facts of the landed mentions in the running transaction.

    Returns the customers of whom a newer version of their booking says nothing any more, to be assembled anew.
    """
    connector = landed.feed.connector
    if landed.batch.facts and not connector.tells_facts:
        raise ValueError(f"{connector.name} is declared to tell no facts, and tells {', '.join(landed.batch.facts)}")
    place = np.full(len(landed.batch.native_key), -1, dtype=np.int64)
    place[landed.mention] = np.arange(len(landed))
    if landed.previous and connector.tells_facts:
        _forget_superseded(landed, resolved)
    if resolved.waited:
        _forget_waiting(landed, resolved)
    left: list[bytes] = []
    booking_ids = None
    if "bookings" in landed.batch.facts:
        booking_ids = bookings.write(landed, place)
        left = unseated.end(landed, booking_ids, place, (*_FACT_TABLES, "profiles_event"))
    _write_typed(landed, resolved, place, booking_ids)
    _events(landed, resolved, place, booking_ids)
    return left


def write_late(landed: Landed, resolved: Resolved) -> None:
    """Write the typed facts of mentions that landed before and have found their person since.

    Their events stand already, and so do their bookings.
    """
    place = np.full(len(landed.batch.native_key), -1, dtype=np.int64)
    place[landed.mention] = np.arange(len(landed))
    booking_ids = None
    if "bookings" in landed.batch.facts:
        booking_ids, known = bookings.known_ids(landed.batch.facts["bookings"])
        for kind, table in landed.batch.facts.items():
            if kind in TYPED and "booking" in table:
                rows = np.flatnonzero(known[np.asarray(table["booking"], dtype=np.int64)])
                landed.batch.facts[kind] = _rows(table, rows)
    _write_typed(landed, resolved, place, booking_ids)


TYPED = ("passengers", "coupons", "ancillaries", "services", "loyalty_activity")


def _write_typed(landed: Landed, resolved: Resolved, place: NDArray[np.int64], booking_ids: Block | None) -> None:
    for kind, writer in (
        ("passengers", _passengers),
        ("coupons", _coupons),
        ("ancillaries", _ancillaries),
        ("services", _services),
        ("loyalty_activity", _loyalty_activity),
    ):
        table = _standing(landed.batch.facts.get(kind), place, resolved, linked_only=True)
        if table is not None:
            writer(table, landed, resolved, booking_ids)


def _standing(
    table: dict[str, Any] | None, place: NDArray[np.int64], resolved: Resolved, *, linked_only: bool
) -> dict[str, Any] | None:
    """The rows of a fact table whose mention landed, with `who`: the mention's position among the landed."""
    if not table:
        return None
    who = place[np.asarray(table["mention"], dtype=np.int64)]
    keep = who >= 0
    if linked_only:
        keep &= resolved.linked[np.maximum(who, 0)]
    rows = np.flatnonzero(keep)
    if not len(rows):
        return None
    return {**_rows(table, rows), "who": who[rows]}


def _rows(table: dict[str, Any], rows: NDArray[np.int64]) -> dict[str, Any]:
    chosen = rows.tolist()
    return {
        name: column[rows] if isinstance(column, np.ndarray) else [column[i] for i in chosen]
        for name, column in table.items()
    }


def _forget_superseded(landed: Landed, resolved: Resolved) -> None:
    positions = sorted(landed.previous)
    records = np.frombuffer(b"".join(landed.previous[i].bytes for i in positions), dtype=np.uint8).reshape(-1, 16)
    customer = resolved.customer[positions]
    for i, at in enumerate(positions):
        if at in resolved.left:
            customer[i] = np.frombuffer(resolved.left[at], dtype=np.uint8)
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "facts_superseded",
            "bucket smallint, customer_id uuid, record_id uuid",
            {
                "bucket": copying.smallints(customer[:, 15]),
                "customer_id": copying.uuids(customer),
                "record_id": copying.uuids(records),
            },
        )
        for table in (*_FACT_TABLES, "profiles_event"):
            cursor.execute(_FORGET_SQL.format(table=table))


def _forget_waiting(landed: Landed, resolved: Resolved) -> None:
    waited = [landed.previous[at] for at in resolved.waited]
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_NOBODYS_SQL, [waited])
        cursor.execute(_FORGET_WAITING_SQL, [waited])


def _owned(table: dict[str, Any], landed: Landed, resolved: Resolved) -> dict[str, copying.Column]:
    """Whose a fact is, and the record that told it."""
    who = table["who"]
    customer = resolved.customer[who]
    return {
        "bucket": copying.smallints(customer[:, 15]),
        "customer_id": copying.uuids(customer),
        "record_id": copying.uuids(landed.record[who]),
    }


def _of_booking(table: dict[str, Any], booking_ids: Block | None) -> dict[str, copying.Column]:
    """The booking of a fact: one of this batch, or the latest with its locator; none where there is none yet."""
    if "booking" in table:
        assert booking_ids is not None
        return {"booking_id": copying.uuids(booking_ids[np.asarray(table["booking"], dtype=np.int64)])}
    found = bookings.by_locator(table.get("locator") or [None] * len(table["who"]))
    return {"booking_id": copying.blobs(found)}


def _passengers(table: dict[str, Any], landed: Landed, resolved: Resolved, booking_ids: Block | None) -> None:
    known = _known(table, resolved)
    if known is not None:
        booking = _of_booking(known, booking_ids)["booking_id"]
        retold.replace_passengers(resolved.customer[known["who"]], booking)
    _copy(
        "profiles_passenger",
        {
            **_owned(table, landed, resolved),
            **_of_booking(table, booking_ids),
            "number": copying.smallints(table["number"]),
            "passenger_type": copying.texts(table["passenger_type"]),
        },
    )


def _known(table: dict[str, Any], resolved: Resolved) -> dict[str, Any] | None:
    """The rows about people who were known before this batch: of them another source may have told the same."""
    rows = np.flatnonzero(~resolved.created[table["who"]])
    return _rows(table, rows) if len(rows) else None


def _coupons(table: dict[str, Any], landed: Landed, resolved: Resolved, booking_ids: Block | None) -> None:
    known = _known(table, resolved)
    if known is not None:
        retold.replace_coupons(resolved.customer[known["who"]], known["ticket_number"], known["number"])
    _copy(
        "profiles_coupon",
        {
            **_owned(table, landed, resolved),
            **_of_booking(table, booking_ids),
            "leg_number": copying.smallints(table["leg_number"]),
            "ticket_number": copying.texts(table["ticket_number"]),
            "number": copying.smallints(table["number"]),
            "status": copying.texts(table["status"]),
            "fare_minor": copying.bigints(table["fare_minor"]),
            "currency": copying.texts(table["currency"]),
        },
    )


def _ancillaries(table: dict[str, Any], landed: Landed, resolved: Resolved, booking_ids: Block | None) -> None:
    legs = np.array([leg or 0 for leg in table["leg_number"]])
    bought = np.array(table["bought_at"], dtype="datetime64[us]")
    known = _known(table, resolved)
    if known is not None:
        booking = _of_booking(known, booking_ids)["booking_id"]
        whose = resolved.customer[known["who"]]
        retold.replace_extras(whose, booking, known["code"], source_id=landed.feed.source_id)
    _copy(
        "profiles_ancillary",
        {
            **_owned(table, landed, resolved),
            **_of_booking(table, booking_ids),
            "id": copying.uuids(uuid7_block(len(legs))),
            "leg_number": copying.nullable(copying.smallints(legs), legs > 0),
            "code": copying.texts(table["code"]),
            "price_minor": copying.bigints(table["price_minor"]),
            "currency": copying.texts(table["currency"]),
            "price_base_minor": in_base_currency(table["price_minor"], table["currency"], bought),
            "bought_at": copying.timestamps(bought),
        },
    )


def _services(table: dict[str, Any], landed: Landed, resolved: Resolved, booking_ids: Block | None) -> None:
    """Requests of the special categories are sealed under the customer's key: nothing else of them is written."""
    legs = np.array([leg or 0 for leg in table["leg_number"]])
    special = [codes.is_special(code) for code in table["code"]]
    who = [resolved.customer[i].tobytes() for i in table["who"]]
    sealers = dict(resolved.sealers)
    missing = {c for c, is_special in zip(who, special, strict=True) if is_special and c not in sealers}
    sealers |= {i.bytes: sealer for i, sealer in subjects.sealers([UUID(bytes=c) for c in missing]).items()}
    ciphers = [
        sealers[c].seal(orjson.dumps([code, text]), b"service:" + c) if is_special and c in sealers else None
        for c, code, text, is_special in zip(who, table["code"], table["text"], special, strict=True)
    ]
    _copy(
        "profiles_servicerequest",
        {
            **_owned(table, landed, resolved),
            **_of_booking(table, booking_ids),
            "id": copying.uuids(uuid7_block(len(legs))),
            "leg_number": copying.nullable(copying.smallints(legs), legs > 0),
            "code": copying.texts([None if s else c for c, s in zip(table["code"], special, strict=True)]),
            "status": copying.texts([(status or "")[:6] for status in table["status"]]),
            "cipher": copying.blobs(ciphers),
        },
    )


def _loyalty_activity(table: dict[str, Any], landed: Landed, resolved: Resolved, booking_ids: Block | None) -> None:
    _copy(
        "profiles_loyaltyactivity",
        {
            **_owned(table, landed, resolved),
            "month": copying.dates(table["month"]),
            **{n: copying.smallints(table[n]) for n in ("flights_booked", "flights_with_companions", "flights_flown")},
            **{
                n: copying.integers(table[n])
                for n in ("distance_km", "points_earned", "points_redeemed", "redeemed_value_minor")
            },
        },
    )


def _events(landed: Landed, resolved: Resolved, place: NDArray[np.int64], booking_ids: Block | None) -> int:
    """One row an event, in the order of time, so that each month's partition is filled from one end."""
    table = _standing(landed.batch.facts.get("events"), place, resolved, linked_only=False)
    if table is None:
        return 0
    again = retold.told_before(landed, resolved, table)
    if again.any():
        table = _rows(table, np.flatnonzero(~again))
    if not len(table["who"]):
        return 0
    moments = np.asarray(table["occurred_at"], dtype="datetime64[us]")
    order = np.lexsort((table["who"], moments))
    chosen = order.tolist()
    count = len(chosen)
    who = table["who"][order]
    customer, linked = resolved.customer[who], resolved.linked[who]

    def texts(name: str) -> copying.Column:
        column = table.get(name)
        return copying.texts([column[i] for i in chosen] if column is not None else [None] * count)

    def numbers(name: str, default: int) -> NDArray[np.int64]:
        column = table.get(name)
        if column is None:
            return np.full(count, default)
        return np.array([default if v is None else v for v in column], dtype=np.int64)[order]

    values, lead = numbers("value_minor", -1), numbers("lead_days", -1)
    currency = [table["currency"][i] for i in chosen] if "currency" in table else [None] * count
    ours = np.array([code == settings.BASE_CURRENCY for code in currency], dtype=bool)  # said in the base value alone
    columns: dict[str, copying.Column] = {
        "occurred_at": copying.timestamps(moments[order]),
        "id": copying.bigints(random_numbers(count)),
        "ingested_at": copying.timestamps(_received(landed.feed, count)),
        "customer_id": copying.nullable(copying.uuids(customer), linked),
        "bucket": copying.nullable(copying.smallints(customer[:, 15]), linked),
        "kind": copying.smallints(numbers("kind", 0)),
        "record_id": copying.uuids(landed.record[who]),
        "value_minor": copying.nullable(copying.bigints(values), (values >= 0) & ~ours),
        "currency": copying.texts([None if own else code for code, own in zip(currency, ours.tolist(), strict=True)]),
        "value_base_minor": in_base_currency(values, currency, moments[order]),
        "quantity": copying.integers(numbers("quantity", 1)),
        "item": texts("item"),
        "channel": texts("channel"),
        "cabin": texts("cabin"),
        "haul": texts("haul"),
        "lead_days": copying.nullable(copying.smallints(lead), lead >= 0),
    }
    if "properties" in table:
        columns["properties"] = copying.jsonb([table["properties"][i] or None for i in chosen])
    if booking_ids is not None and "booking" in table:
        columns["booking_id"] = copying.uuids(booking_ids[np.array(table["booking"], dtype=np.int64)[order]])
    _copy("profiles_event", columns)
    return count


def _received(feed: Feed, count: int) -> np.ndarray:
    return np.full(count, np.datetime64(feed.received_at.replace(tzinfo=None)))


def _copy(table: str, columns: dict[str, copying.Column]) -> None:
    with connection.cursor() as cursor:
        copying.copy_in(cursor, table, columns)


def consents(landed: Landed, resolved: Resolved) -> list[dict[str, Any]]:
    """The consents of the landed mentions, each with the customer it is of, ready for the ledger."""
    place = np.full(len(landed.batch.native_key), -1, dtype=np.int64)
    place[landed.mention] = np.arange(len(landed))
    table = _standing(landed.batch.facts.get("consents"), place, resolved, linked_only=True)
    if table is None:
        return []
    who = table.pop("who")
    table.pop("mention")
    table["customer_id"] = [UUID(bytes=resolved.customer[i].tobytes()) for i in who]
    table["record_id"] = [UUID(bytes=landed.record[i].tobytes()) for i in who]
    names = list(table)
    return [dict(zip(names, row, strict=True)) for row in zip(*table.values(), strict=True)]


def consent_frame(landed: Landed, resolved: Resolved) -> pd.DataFrame | tuple[()]:
    """`consents` as the ledger takes them."""
    said = consents(landed, resolved)
    if not said:
        return ()  # most feeds: nothing is loaded for them
    import pandas as pd

    frame = pd.DataFrame(said)
    frame["occurred_at"] = pd.to_datetime(frame["occurred_at"], utc=True)
    frame["language"] = frame["language"].fillna("")
    frame["source"] = landed.feed.connector.name
    return frame
