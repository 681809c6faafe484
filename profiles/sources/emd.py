"""Electronic miscellaneous documents, a coupon a row: what was bought beside the flight, for which ticket and how much.

An EMD-A stands with a coupon of a ticket, an EMD-S alone. What it is for is said by its code of service (RFISC), or
else by the reason for its issuance (RFIC); both are code tables.
"""

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
from profiles.sources import cards, codes
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Reject
from profiles.sources.etickets import statuses
from profiles.sources.known_by import PASSENGER, codes_of, locators_of, people, ticket_numbers
from profiles.sources.reservation import NO_CURRENCY

FIELDS = (
    Field("emd_number", "13 digits, or 14", "8898201234567", Sensitivity.PSEUDONYM, required=True,
          aliases=("emd number", "emd", "document_number", "emdNumber")),
    Field("coupon_number", "number", "1", aliases=("coupon", "coupon number")),
    Field("emd_type", "A S", "A", aliases=("type", "emd type", "emdType")),
    Field("rfic", "code", "C", required=True, aliases=("reason_for_issuance",)),
    Field("rfisc", "code", "0CC", aliases=("reason_for_issuance_sub_code", "sub_code")),
    Field("status", "one letter or PADIS", "O", required=True, aliases=("coupon_status", "coupon status")),
    Field("status_vocabulary", "letter padis", "letter"),
    Field("associated_ticket", "13 digits", "8891234567890", Sensitivity.PSEUDONYM,
          aliases=("ticket_number", "associated ticket", "in_connection_with")),
    Field("associated_coupon", "number", "1", aliases=("associated coupon",)),
    *PASSENGER,
    Field("issued_at", "moment", "2026-07-02T10:11:12Z", required=True, aliases=("issued at", "issue_time")),
    Field("value", "amount", "38.00", required=True, aliases=("amount", "total")),
    Field("currency", "ISO 4217", "EUR", required=True),
    Field("refundable", "Y or N", "N"),
    Field("status_at", "moment", "2026-08-02T09:00:00Z", aliases=("status at", "refunded_at")),
)  # fmt: skip
_TYPES = {"a": "A", "emd-a": "A", "emda": "A", "s": "S", "emd-s": "S", "emds": "S"}
_YES_NO = {"y": "Y", "yes": "Y", "true": "Y", "1": "Y", "n": "N", "no": "N", "false": "N", "0": "N"}
_NOT_BOUGHT = ("void",)
_MONEY_ONLY = "financial"  # fees and residual values are no extras


def read(header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None) -> Batch:
    """Read documents; what was bought is an extra of the booking, what was refunded tells that too."""
    columns = table(header, lines, FIELDS, "emd", names=names)
    numbers = ticket_numbers(columns, "emd_number", required=True)
    coupons = np.abs(columns.whole("coupon_number", 1, 4, required=False))
    tickets = ticket_numbers(columns, "associated_ticket")
    for at, kind in enumerate(columns.choice("emd_type", _TYPES, "A or S")):
        if kind == "A" and tickets[at] is None:
            columns.reject(at, "associated_ticket", "empty", "the ticket with which an EMD-A stands")
    columns.choice("refundable", _YES_NO, "Y or N")
    person, keys = people(columns, tickets=tickets)
    facts = _facts(columns, _bought(columns), statuses(columns, "status"))
    native = [f"{number}/{coupon}" for number, coupon in zip(numbers, coupons.tolist(), strict=True)]
    batch = Batch(lines, columns.line, native, person, keys, facts, columns.rejects)
    return cards.refuse(batch, shortest=14)


def _bought(columns: Columns) -> list[str | None]:
    """What each document is for."""
    reasons, services = codes_of(columns, "rfic", 1, 1, required=True), codes_of(columns, "rfisc", 2, 4)
    found: list[str | None] = []
    for at, (reason, service) in enumerate(zip(reasons, services, strict=True)):
        meaning = codes.lookup("rfic", reason)
        if reason and meaning is None:
            said = Reject(int(columns.line[at]), "rfic", repr(reason), "a code of the table rfic", table="rfic")
            columns.rejects.append(said)
        found.append(codes.lookup("rfisc", service) or meaning)
    return found


def _facts(columns: Columns, bought: list[str | None], status: list[str | None]) -> dict[str, dict[str, Any]]:
    currency = codes_of(columns, "currency", 3, 3, required=True)
    values = columns.amount_minor("value", currency=currency).tolist()
    issued, changed = columns.moments("issued_at").tolist(), columns.moments("status_at", required=False).tolist()
    legs = columns.whole("associated_coupon", 1, 16, required=False).tolist()
    locators = locators_of(columns)
    extras: dict[str, list[Any]] = {name: [] for name in _EXTRA}
    events: dict[str, list[Any]] = defaultdict(list)
    for mention, (item, state) in enumerate(zip(bought, status, strict=True)):
        if item in (None, _MONEY_ONLY) or state is None or state in _NOT_BOUGHT or issued[mention] is None:
            continue
        leg = legs[mention] if legs[mention] > 0 else None
        row = (mention, locators[mention], leg, item, max(values[mention], 0), currency[mention] or NO_CURRENCY,
               issued[mention])  # fmt: skip
        for name, value in zip(_EXTRA, row, strict=True):
            extras[name].append(value)
        kinds = [(EventKind.ANCILLARY_BOUGHT, issued[mention])]
        if state == "refunded":
            kinds.append((EventKind.REFUND, changed[mention] or issued[mention]))
        for kind, moment in kinds:
            told = (mention, kind.value, moment, values[mention], currency[mention], item)
            for name, value in zip(_EVENT, told, strict=True):
                events[name].append(value)
    return {"ancillaries": extras, "events": dict(events) or {name: [] for name in _EVENT}}


_EXTRA = ("mention", "locator", "leg_number", "code", "price_minor", "currency", "bought_at")
_EVENT = ("mention", "kind", "occurred_at", "value_minor", "currency", "item")


def scan(
    header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None
) -> tuple[NDArray[np.int64], list[str]]:
    """Document and coupon of each row."""
    columns = table(header, lines, FIELDS, "emd", only=("emd_number", "coupon_number"), names=names)
    numbers = ticket_numbers(columns, "emd_number")
    coupons = np.abs(columns.whole("coupon_number", 1, 4, required=False))
    return columns.line, [f"{number}/{coupon}" for number, coupon in zip(numbers, coupons.tolist(), strict=True)]


CONNECTOR: Connector = Connector(
    name="emd",
    title="Electronic miscellaneous documents",
    family=Family.PSS,
    format="CSV or JSON",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.5,
    framing=Framing.TABLE,
    introduces=False,
    recognises=lambda sample: 0.9 * (sample.has("rfic") and sample.has("emd_number")),
    specification="ours; RFIC as IATA publishes it, RFISC by the airline's own table",
    mapped=lambda names: replace(CONNECTOR, read=partial(read, names=names), scan=partial(scan, names=names)),
)
