"""Refunds and claims, a case a row: EU261, refunded tickets, bags, goodwill. A template: CSV, or JSON objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind
from profiles.sources import cards
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines
from profiles.sources.known_by import PASSENGER, codes_of, people, ticket_numbers

FIELDS = (
    Field("case_id", "text", "EU-20117", Sensitivity.PSEUDONYM, required=True,
          aliases=("case", "case id", "case_number", "case number", "claim_id", "refund_id")),
    Field("case_kind", "refund eu261 baggage goodwill other", "eu261", required=True,
          aliases=("kind", "case_type", "case type", "claim_type", "type")),
    Field("case_status", "open approved rejected paid", "paid", aliases=("status", "case status")),
    Field("opened_at", "moment", "2026-10-30T18:20:01Z", required=True, aliases=("opened at", "created_at")),
    Field("paid_at", "moment", "2026-11-12T09:00:00Z", aliases=("paid at", "settled_at", "refunded_at")),
    Field("amount", "amount", "400.00", aliases=("value", "amount_paid", "compensation")),
    Field("currency", "ISO 4217", "EUR"),
    *PASSENGER,
    Field("ticket_number", "13 digits", "8891234567890", Sensitivity.PSEUDONYM, aliases=("ticket", "ticket number")),
    Field("email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT, aliases=("e-mail", "contact_email")),
    Field("flight", "text", "NV781", aliases=("flight_number", "flight number")),
    Field("flight_date", "date", "2026-10-28", aliases=("flight date",)),
    Field("reason", "text", "cancelled 2 days before", aliases=("reason_code",)),
)  # fmt: skip
_KINDS = {
    **dict.fromkeys(("eu261", "ec261", "eu 261", "compensation", "uk261"), "eu261"),
    **dict.fromkeys(("refund", "ticket refund", "ticket_refund", "voluntary refund", "involuntary refund"), "refund"),
    **dict.fromkeys(("baggage", "bag", "luggage", "delayed bag", "lost bag", "damaged bag"), "baggage"),
    **dict.fromkeys(("goodwill", "voucher", "gesture"), "goodwill"),
    **dict.fromkeys(("other", "complaint", "expenses", "claim"), "other"),
}
_STATES = {
    **dict.fromkeys(("open", "new", "received", "pending", "in progress", "in_progress"), "open"),
    **dict.fromkeys(("approved", "accepted", "granted"), "approved"),
    **dict.fromkeys(("rejected", "declined", "denied", "closed unpaid", "withdrawn"), "rejected"),
    **dict.fromkeys(("paid", "settled", "refunded", "closed paid", "completed"), "paid"),
}


def read(header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None) -> Batch:
    """Read cases. A claim is one from the day on which it is made; a refund is one once it is paid."""
    columns = table(header, lines, FIELDS, "refunds_claims", names=names)
    cases = columns.text("case_id", required=True, longest=60)
    emails = columns.text("email", longest=254)
    person, keys = people(columns, tickets=ticket_numbers(columns, "ticket_number"), emails=emails)
    columns.days("flight_date")
    columns.text("reason")
    events = _events(columns)
    native = [case or "" for case in cases]
    batch = Batch(lines, columns.line, native, person, keys, {"events": events}, columns.rejects)
    return cards.refuse(batch, shortest=14)


def _events(columns: Columns) -> dict[str, list[Any]]:
    columns.text("case_kind", required=True)
    kinds = columns.choice("case_kind", _KINDS, "refund, eu261, baggage, goodwill or other")
    states = columns.choice("case_status", _STATES, "open, approved, rejected or paid")
    opened, paid = columns.moments("opened_at").tolist(), columns.moments("paid_at", required=False).tolist()
    currency = codes_of(columns, "currency", 3, 3)
    amounts = columns.amount_minor("amount", required=False, currency=currency).tolist()
    events: dict[str, list[Any]] = defaultdict(list)
    for mention, (kind, state) in enumerate(zip(kinds, states, strict=True)):
        settled = state == "paid" or (state is None and paid[mention] is not None)
        if kind is None or opened[mention] is None or (kind == "refund" and not settled):
            continue
        if paid[mention] and paid[mention] < opened[mention]:
            columns.reject(mention, "paid_at", f"{paid[mention]:%Y-%m-%d}", "a moment not before opened_at")
        refund = kind == "refund"
        for name, value in {
            "mention": mention,
            "kind": (EventKind.REFUND if refund else EventKind.CLAIM).value,
            "occurred_at": (paid[mention] or opened[mention]) if refund else opened[mention],
            "value_minor": amounts[mention] if settled else -1,
            "currency": currency[mention],
            "item": kind,
            "properties": None if refund else {"state": state or "open"},
        }.items():
            events[name].append(value)
    return dict(events) if events else {"mention": [], "kind": [], "occurred_at": []}


def scan(
    header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None
) -> tuple[NDArray[np.int64], list[str]]:
    """The identifier of each case."""
    columns = table(header, lines, FIELDS, "refunds_claims", only=("case_id", "case_kind", "opened_at"), names=names)
    return columns.line, [case or "" for case in columns.text("case_id", longest=60)]


CONNECTOR: Connector = Connector(
    name="refunds_claims",
    title="Refunds and claims",
    family=Family.CRM,
    format="CSV or JSON",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.4,
    framing=Framing.TABLE,
    introduces=False,
    recognises=lambda sample: (
        0.9
        * any(sample.has(kind) for kind in ("case_kind", "claim_type", "case_type", "Case Type"))
        * any(sample.has(case) for case in ("case_id", "claim_id", "case_number", "Case Number", "Case ID"))
    ),
    specification="ours: a template; compensation as Regulation (EC) 261/2004 names it",
    mapped=lambda names: replace(CONNECTOR, read=partial(read, names=names), scan=partial(scan, names=names)),
)
