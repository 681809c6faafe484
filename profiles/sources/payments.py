"""Payments and refunds, as a payment service sends its events (Stripe and its like): JSON, a list or an object a line.

Tokens only: an event in which a card's number stands is turned away and the number blackened before anything is kept.
A charge, its capture and its payment intent tell one payment, which counts once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import cards
from profiles.sources import json_lines as j
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Keys, Lines, Reject, Sample
from profiles.sources.travellers import traveller

FIELDS = (
    Field("id", "text", "evt_1Nv0FGQ9RKHgCVdK", required=True),
    Field("type", "text", "charge.succeeded", required=True),
    Field("created", "seconds since 1970", "1793340061", required=True),
    Field("data.object.id", "text", "ch_3MmlLrLkdIwHu7ix", Sensitivity.PSEUDONYM, required=True),
    Field("data.object.amount", "minor units", "41200"),
    Field("data.object.currency", "ISO 4217", "eur"),
    Field("data.object.customer", "text", "cus_9s6XKzkNRiz8i3", Sensitivity.PSEUDONYM),
    Field("data.object.receipt_email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT),
    Field("data.object.payment_method_details.type", "text", "card"),
    Field("data.object.metadata.record_locator", "text", "7KQX2M", Sensitivity.PSEUDONYM),
    Field("data.object.metadata.surname", "text", "SOLHEIM", Sensitivity.IDENTITY),
    Field("data.object.metadata.given_name", "text", "INGRID", Sensitivity.IDENTITY),
    Field("data.object.metadata.ticket_number", "13 digits", "8891234567890", Sensitivity.PSEUDONYM),
    Field("data.object.metadata.loyalty_number", "text", "480934", Sensitivity.PSEUDONYM),
)
_MOST_MINOR = 10**10
_LATEST = 4_102_444_800  # seconds: the year 2100


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read events of payments; those that move no money are kept as mentions and counted as nothing."""
    told: list[tuple[int, dict[str, Any]]] = []
    rejects: list[Reject] = []
    j.objects(lines, rejects, lambda line, document: told.append((line, _checked(document))))
    payments = [payment for _, payment in told]
    _say_once(payments)
    count = len(told)
    one_key = [bool(payment["loyalty_number"]) for payment in payments]
    keys = [
        Keys(IdentifierKind.LOYALTY_NUMBER, _column(payments, "loyalty_number"), np.ones(count, dtype=bool)),
        # Who pays need not be who flies: of a member number and a name only the number says whose it is.
        Keys(IdentifierKind.TRAVELLER, _column(payments, "traveller"), ~np.array(one_key, dtype=bool)),
        Keys(IdentifierKind.EMAIL, _column(payments, "email"), np.zeros(count, dtype=bool)),
        Keys(IdentifierKind.ACCOUNT, _column(payments, "account"), np.zeros(count, dtype=bool)),
    ]
    moved = [at for at, payment in enumerate(payments) if payment["kind"]]
    facts = {"events": {"mention": moved, **{name: [payments[at][name] for at in moved] for name in _EVENT}}}
    at_line = np.array([line for line, _ in told], dtype=np.int64)
    native = [payment["id"] for payment in payments]
    return cards.refuse(Batch(lines, at_line, native, {}, keys, facts, rejects), shortest=14)


_EVENT = ("kind", "occurred_at", "value_minor", "currency", "item", "channel", "properties")


def _column(payments: list[dict[str, Any]], name: str) -> list[str | None]:
    return [payment[name] for payment in payments]


def _checked(event: dict[str, Any]) -> dict[str, Any]:
    """What the event says. Raises Unreadable."""
    what = j.text(event, "type", longest=60)
    thing = j.part(j.part(event, "data"), "object")
    if not thing:
        raise j.Unreadable("data.object", None, "the charge, refund or payment_intent")
    metadata = j.part(thing, "metadata")
    locator = _first(metadata, "record_locator", "locator", "pnr", "booking_reference")
    name = _first(metadata, "surname", "last_name"), _first(metadata, "given_name", "first_name")
    ticket = (_first(metadata, "ticket_number", "ticket") or "").replace("-", "")
    customer = thing.get("customer")
    customer = customer.get("id") if isinstance(customer, dict) else customer
    billing = j.part(thing, "billing_details")
    kind = _kind(what, thing)
    currency = j.text(thing, "currency", longest=3, required=bool(kind))
    amount = _amount(what, event, thing) if kind else -1
    method = j.part(thing, "payment_method_details").get("type")
    return {
        "id": j.text(event, "id", longest=80),
        "key": _key({"id": "", **event, "data": {"object": {"id": "", **thing}, **_before(event)}}),
        "kind": kind.value if kind else None,
        "occurred_at": _moment(event, thing),
        "value_minor": amount,
        "currency": currency.upper() if currency else None,
        "item": "payment" if kind is EventKind.PAYMENT else "refund",
        "channel": "web",
        "properties": {"method": str(method)[:24]} if method else None,
        "loyalty_number": _first(metadata, "loyalty_number", "member_number"),
        "traveller": traveller(locator, *name),
        "email": _first(thing, "receipt_email") or _first(billing, "email"),
        "account": _account(ticket, customer),
        "charge": _charge(thing),
        "object": thing.get("object"),
    }


def _account(ticket: str, customer: Any) -> str | None:
    """A ticket says who flies; a customer of the payment service only who pays."""
    if len(ticket) >= 13 and ticket.isdecimal():
        return f"ticket:{ticket[:13]}"
    return f"stripe:{customer}" if isinstance(customer, str) and customer else None


def _before(event: dict[str, Any]) -> dict[str, Any]:
    return {"previous_attributes": j.part(j.part(event, "data"), "previous_attributes")}


def _kind(what: str, thing: dict[str, Any]) -> EventKind | None:
    # What was only authorised is paid once it is captured, which another event tells.
    if what in ("charge.captured", "payment_intent.succeeded"):
        return EventKind.PAYMENT
    if what == "charge.succeeded":
        return None if thing.get("captured") is False else EventKind.PAYMENT
    if what == "charge.refunded":
        return EventKind.REFUND
    refund = what.startswith(("refund.", "charge.refund.")) and thing.get("status", "succeeded") == "succeeded"
    return EventKind.REFUND if refund else None


def _amount(what: str, event: dict[str, Any], thing: dict[str, Any]) -> int:
    """The amount in minor units; of a charge refunded again only what was refunded this time."""
    if what != "charge.refunded":
        name = "amount_received" if what.startswith("payment_intent") and "amount_received" in thing else "amount"
        return int(j.whole(thing, name, 0, _MOST_MINOR, path="data.object."))
    before = j.part(j.part(event, "data"), "previous_attributes").get("amount_refunded") or 0
    now = j.whole(thing, "amount_refunded", 0, _MOST_MINOR, path="data.object.")
    return int(now - before) if isinstance(before, int) and before <= now else int(now)


def _charge(thing: dict[str, Any]) -> str | None:
    """The charge that an object is, is of, or names as its last."""
    named = thing.get("id") if thing.get("object") == "charge" else thing.get("charge") or thing.get("latest_charge")
    named = named.get("id") if isinstance(named, dict) else named
    return named if isinstance(named, str) else None


def _moment(event: dict[str, Any], thing: dict[str, Any]) -> datetime:
    """When it happened: refunds say it themselves, all else happened when it was told."""
    where = thing if thing.get("object") == "refund" and "created" in thing else event
    seconds = j.whole(where, "created", 0, _LATEST)
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _first(document: dict[str, Any], *names: str) -> str | None:
    for name in names:
        value = document.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()[:254]
    return None


def _say_once(payments: list[dict[str, Any]]) -> None:
    """Of several events of a batch that tell one payment, or one refund, one counts, and has the key of both.

    So the event that comes in a later batch is a new version of the same, and counts no second time.
    """
    refunded = {p["charge"] for p in payments if p["object"] == "refund" and p["kind"]}
    told: set[str] = set()
    for payment in sorted(payments, key=lambda p: p["object"] != "charge"):
        if payment["object"] == "charge" and payment["kind"] == EventKind.REFUND and payment["charge"] in refunded:
            payment["kind"] = None
        if not payment["kind"]:
            continue
        if payment["key"] in told:
            payment["kind"] = None
        else:
            told.add(payment["key"])
            payment["id"] = payment["key"]


def _key(event: dict[str, Any]) -> str:
    """What an event tells, whichever of a payment's events it is; its own identifier where it moves no money."""
    what, thing = str(event["type"]), event["data"]["object"]
    charge, kind = _charge(thing), _kind(str(event["type"]), thing)
    if kind is EventKind.PAYMENT:
        return f"payment/{charge or thing['id']}"
    if kind is EventKind.REFUND and thing.get("object") == "refund":
        return f"refund/{thing['id']}"
    if kind is EventKind.REFUND:
        return f"refund/{charge}/{_amount(what, event, thing)}"
    return str(event["id"])


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """What each event tells: those that tell one payment meet in one batch."""

    def key(event: dict[str, Any]) -> str:
        try:
            return _key(event)
        except (j.Unreadable, AttributeError) as error:
            raise KeyError(str(error)) from None

    return j.scanned(lines, key)


def recognises(sample: Sample) -> float:
    """Events of charges, refunds or payment intents."""
    head = sample.head
    named = any(f'"{kind}'.encode() in head for kind in ("charge.", "payment_intent.", "refund."))
    return 0.9 if named and sample.has("type", "data", "object", "created") else 0.0


CONNECTOR = Connector(
    name="payments",
    title="Payments",
    family=Family.PSS,
    format="JSON",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.3,
    freshness_hours=2,
    framing=Framing.JSON,
    within=("data[]",),
    introduces=False,
    recognises=recognises,
    specification="Stripe API, event objects: charge, refund, payment_intent",
)
