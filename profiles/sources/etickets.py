"""Electronic tickets, a coupon a row: its status, fare basis, value and when it was flown. CSV, or JSON objects.

Status comes in one of two vocabularies, single letters or the codes of PADIS; I is open in one and irregular in the
other. A row may say which; otherwise the codes beside it do.
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
from profiles.sources.known_by import (
    PASSENGER,
    codes_of,
    is_check_digit,
    locators_of,
    people,
    ticket_numbers,
)
from profiles.sources.places import haul
from profiles.sources.reservation import NO_CURRENCY

FIELDS = (
    Field("ticket_number", "13 digits, or 14", "8891234567890", Sensitivity.PSEUDONYM, required=True,
          aliases=("ticket number", "ticket", "document_number", "ticketNumber")),
    Field("check_digit", "digit", "3", aliases=("check digit",)),
    Field("coupon_number", "number", "1", required=True, aliases=("coupon", "coupon number", "couponNumber")),
    Field("coupon_status", "one letter or PADIS", "F", required=True,
          aliases=("coupon status", "status", "couponStatus")),
    Field("status_vocabulary", "letter padis", "letter", aliases=("vocabulary",)),
    Field("status_at", "moment", "2026-10-30T11:02:00Z", aliases=("status at",)),
    *PASSENGER,
    Field("issued_on", "date", "2026-07-02", aliases=("issue_date", "issue date", "issueDate")),
    Field("carrier", "IATA airline", "NV", aliases=("marketing_carrier",)),
    Field("flight_number", "number", "781", aliases=("flight number", "flight")),
    Field("origin", "IATA airport", "CPH", aliases=("from", "board_point")),
    Field("destination", "IATA airport", "LIS", aliases=("to", "off_point")),
    Field("departs_at", "moment", "2026-10-30T06:10:00Z", aliases=("departure", "departure_time")),
    Field("flown_on", "date", "2026-10-30", aliases=("flown_date", "flown date", "flownDate")),
    Field("booking_class", "text", "M", aliases=("rbd", "class", "booking class")),
    Field("fare_basis", "text", "MRTLTNV", aliases=("fare basis", "fareBasis")),
    Field("value", "amount", "206.00", aliases=("coupon_value", "amount", "fare")),
    Field("currency", "ISO 4217", "EUR"),
)  # fmt: skip
_VOCABULARIES = {"letter": "coupon_status", "padis": "coupon_status_padis", "edifact": "coupon_status_padis"}
_MOST_COUPONS = 16


def read(header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None) -> Batch:
    """Read coupons; one that was flown or refunded tells that, too."""
    columns = table(header, lines, FIELDS, "etickets", names=names)
    numbers = ticket_numbers(columns, "ticket_number", required=True)
    _check_digits(columns, numbers)
    coupons = columns.whole("coupon_number", 1, _MOST_COUPONS)
    status = statuses(columns, "coupon_status")
    person, keys = people(columns, tickets=numbers)
    currency = codes_of(columns, "currency", 3, 3)
    values = columns.amount_minor("value", required=False, currency=currency)
    columns.text("fare_basis", longest=15)
    count = len(columns)
    facts: dict[str, dict[str, Any]] = {
        "coupons": {
            "mention": np.arange(count),
            "locator": locators_of(columns),
            "ticket_number": [number or "" for number in numbers],
            "number": coupons,
            "leg_number": coupons,
            "status": [(one or "open")[:10] for one in status],
            "fare_minor": np.maximum(values, 0),
            "currency": [code or NO_CURRENCY for code in currency],
        },
        "events": _events(columns, status, values, currency),
    }
    native = [f"{number}/{coupon}" for number, coupon in zip(numbers, coupons.tolist(), strict=True)]
    batch = Batch(lines, columns.line, native, person, keys, facts, columns.rejects)
    return cards.refuse(batch, shortest=14)


def _check_digits(columns: Columns, numbers: list[str | None]) -> None:
    for at, (number, digit) in enumerate(zip(numbers, columns.text("check_digit", longest=1), strict=True)):
        if number and digit and not (digit.isdecimal() and is_check_digit(number, digit)):
            columns.reject(at, "check_digit", repr(digit), f"{int(number) % 7}")


def statuses(columns: Columns, name: str) -> list[str | None]:
    """What each status means, by the code table of its vocabulary."""
    told = [value.upper() if value else None for value in columns.text(name, required=True, longest=8)]
    stated = columns.choice("status_vocabulary", _VOCABULARIES, "letter or padis")
    usual = _vocabulary({value for value in told if value})
    found: list[str | None] = []
    for at, value in enumerate(told):
        where = stated[at] or usual
        meaning = codes.lookup(where, value)
        if value and meaning is None:
            said = Reject(int(columns.line[at]), name, repr(value), f"a code of the table {where}", table=where)
            columns.rejects.append(said)
        found.append(meaning)
    return found


def _vocabulary(told: set[str]) -> str:
    """The one of the two tables that knows all codes; PADIS where both do and I is among them, as it is its word for
    open."""
    letters, padis = (
        {code for code in told if codes.is_known(table, code)} for table in ("coupon_status", "coupon_status_padis")
    )
    if letters - padis or not padis:
        return "coupon_status" if len(letters) >= len(padis) else "coupon_status_padis"
    return "coupon_status_padis"


def _events(
    columns: Columns, status: list[str | None], values: NDArray[np.int64], currency: list[str | None]
) -> dict[str, list[Any]]:
    departs, at_status = _list(columns, "departs_at"), _list(columns, "status_at")
    flown_on, issued_on = _days(columns, "flown_on"), _days(columns, "issued_on")
    carriers, classes = codes_of(columns, "carrier", 2, 3), codes_of(columns, "booking_class", 1, 2)
    origins, destinations = codes_of(columns, "origin", 3, 3), codes_of(columns, "destination", 3, 3)
    events: dict[str, list[Any]] = defaultdict(list)
    for mention, state in enumerate(status):
        if state not in ("flown", "refunded"):
            continue
        flown = state == "flown"
        at = departs[mention] or flown_on[mention] if flown else at_status[mention] or issued_on[mention]
        if at is None:
            field = "flown_on" if flown else "status_at"
            columns.reject(mention, field, "empty", f"when the coupon was {state}")
            continue
        origin, destination = origins[mention], destinations[mention]
        for name, value in {
            "mention": mention,
            "kind": (EventKind.COUPON_FLOWN if flown else EventKind.REFUND).value,
            "occurred_at": at,
            "value_minor": int(values[mention]),
            "currency": currency[mention],
            "item": f"{origin}-{destination}" if origin and destination else None,
            "cabin": codes.cabin(carriers[mention], classes[mention]),
            "haul": haul(origin, destination) if origin and destination else None,
        }.items():
            events[name].append(value)
    return dict(events) if events else {"mention": [], "kind": [], "occurred_at": []}


def _list(columns: Columns, name: str) -> list[Any]:
    return columns.moments(name, required=False).tolist()


def _days(columns: Columns, name: str) -> list[Any]:
    return np.array(columns.days(name), dtype="datetime64[us]").tolist()


def scan(
    header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None
) -> tuple[NDArray[np.int64], list[str]]:
    """Ticket and coupon of each row."""
    columns = table(header, lines, FIELDS, "etickets", only=("ticket_number", "coupon_number"), names=names)
    numbers = ticket_numbers(columns, "ticket_number")
    coupons = columns.whole("coupon_number", 1, _MOST_COUPONS)
    return columns.line, [f"{number}/{coupon}" for number, coupon in zip(numbers, coupons.tolist(), strict=True)]


CONNECTOR: Connector = Connector(
    name="etickets",
    title="Electronic tickets (coupons)",
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
    recognises=lambda sample: (
        0.9
        * any(sample.has(number) for number in ("ticket_number", "Ticket Number", "ticketNumber"))
        * any(sample.has(status) for status in ("coupon_status", "Coupon Status", "couponStatus"))
    ),
    specification="ours; coupon status as IATA and PADIS 4405 publish it",
    mapped=lambda names: replace(CONNECTOR, read=partial(read, names=names), scan=partial(scan, names=names)),
)
