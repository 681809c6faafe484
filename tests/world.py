"""A world of a few people, told in the formats of the sources and taken in by the real functions.

Alice flies weekly, Bob lapsed, Carol withdrew her consent. Nothing here writes a table of its own.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from profiles import pipeline, selectors
from profiles.models import IdentifierKind
from profiles.sources import competitor_fares, exchange_rates, loyalty_activity, loyalty_members

AS_OF = datetime(2026, 10, 31, 22, 0, tzinfo=UTC)
WEEK = timedelta(weeks=1)
ALICE, BOB, CAROL = "NV000001", "NV000002", "NV000003"


@dataclass(frozen=True)
class World:
    """The three people, the files they came in, and what was counted."""

    alice: UUID
    bob: UUID
    carol: UUID
    files: dict[str, Path]
    reports: dict[str, pipeline.IngestReport]


def member(number: str, given_name: str, surname: str, **more: Any) -> dict[str, Any]:
    """A row of the members' file; columns by their names with underscores for blanks."""
    named = {"Loyalty Number": number, "Given Name": given_name, "Surname": surname}
    return named | {name.replace("_", " "): value for name, value in more.items()}


def members_file(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    return _table(path, [f.name for f in loyalty_members.FIELDS], rows)


def activity_file(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    return _table(path, [f.name for f in loyalty_activity.FIELDS], rows)


def fares_file(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    return _table(path, [f.name for f in competitor_fares.FIELDS], rows)


def rates_file(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    return _table(path, [f.name for f in exchange_rates.FIELDS], rows)


def json_file(path: Path, documents: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    return path


def passenger(number: int, given_name: str, surname: str, **more: Any) -> dict[str, Any]:
    known = {"title": None, "type": "ADT", "birth_date": None, "loyalty_number": None}
    return {"number": number, "given_name": given_name, "surname": surname, **known, **more}


def booking(locator: str, passengers: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A flown one-way trip CPH-LIS, 100.00 EUR and a bag a passenger, booked a month before `departs`."""
    departs = more.pop("departs", AS_OF - WEEK)
    created = departs - timedelta(days=30)
    segment = {
        "number": 1,
        "carrier": "NV",
        "flight_number": "781",
        "origin": "CPH",
        "destination": "LIS",
        "departs_at": departs.isoformat(),
        "arrives_at": (departs + timedelta(hours=4)).isoformat(),
        "cabin": "Y",
        "booking_class": "M",
        "fare_basis": "MLIGHT",
        "status": "flown",
    }
    tickets = [
        {
            "number": f"999{locator}{each['number']}",
            "passenger": each["number"],
            "coupons": [{"number": 1, "segment": 1, "status": "flown", "fare_minor": 10_000}],
        }
        for each in passengers
    ]
    bag = {"segment": 1, "code": "extra_bag", "price_minor": 2500, "bought_at": created.isoformat()}
    document = {
        "locator": locator,
        "created_at": created.isoformat(),
        "modified_at": created.isoformat(),
        "point_of_sale": "DK",
        "channel": "web",
        "agency": None,
        "currency": "EUR",
        "total_minor": 12_500 * len(passengers),
        "status": "active",
        "contacts": [],
        "passengers": list(passengers),
        "segments": [segment],
        "tickets": tickets,
        "ancillaries": [{"passenger": each["number"], **bag} for each in passengers],
    }
    return {**document, **more}


def email_of(value: str, *, passenger: int | None = None, verified: bool = False) -> dict[str, Any]:
    return {"type": "email", "value": value, "passenger": passenger, "verified": verified}


def seen(event_id: str, device: str, *, user: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Somebody looks at the page on bags; with `user`, signed in."""
    known = {"type": "page", "at": "2026-10-30T18:20:01+01:00", "page": "bag", "channel": "web"}
    return {"event_id": event_id, "device_id": device, "user": user, **known, **more}


def said(consent_id: str, subject: dict[str, Any], state: str, **more: Any) -> dict[str, Any]:
    known = {
        "purpose": "personalisation",
        "channel": None,
        "at": "2026-05-02T10:00:00+02:00",
        "method": "web_form",
        "policy_version": "2025-01",
        "language": "da",
    }
    return {"consent_id": consent_id, "subject": subject, "state": state, **known, **more}


def fare(price: str, **more: Any) -> dict[str, Any]:
    known = {
        "Observed At": "2026-10-30T06:00:00Z",
        "Carrier": "QX",
        "Origin": "CPH",
        "Destination": "LIS",
        "Departure Date": "2026-12-12",
        "Cabin": "Y",
        "Fare Brand": "LIGHT",
        "Price": price,
        "Currency": "EUR",
        "Source": "metasearch",
    }
    return known | {name.replace("_", " "): value for name, value in more.items()}


def month(number: str, at: int, *, flights: Any = 2, points: Any = 500, **more: Any) -> dict[str, Any]:
    known = {"Loyalty Number": number, "Year": 2026, "Month": at, "Total Flights": flights}
    return known | {"Points Accumulated": points} | {name.replace("_", " "): value for name, value in more.items()}


def customer(loyalty_number: str) -> UUID:
    """Who claims this number; there must be somebody."""
    found = selectors.customer_by_key(IdentifierKind.LOYALTY_NUMBER, loyalty_number)
    assert found is not None, f"nobody has the number {loyalty_number}"
    return found


def build(folder: Path) -> World:
    """Write the files into `folder`, take them in, and refresh the profiles."""
    files = _files(folder)
    reports = {source: pipeline.ingest(source, path) for source, path in files.items()}
    pipeline.refresh(as_of=AS_OF)
    return World(customer(ALICE), customer(BOB), customer(CAROL), files, reports)


def _files(folder: Path) -> dict[str, Path]:
    here = {"Country": "DK", "Language": "da", "Home Airport": "CPH", "Email Verified": "Y"}
    members = [
        member(ALICE, "Alice", "Andersson", Email="alice@example.org", Phone="+4520123456", Birth_Date="1984-05-17",
               Loyalty_Card="Gold", Enrollment_Year=2019, Enrollment_Month=4, Gender="Female", **here),
        member(BOB, "Bob", "Bergström", Email="bob@example.org", Phone="+4520654321", Birth_Date="1979-01-02", **here),
        member(CAROL, "Carol", "Clausen", Email="carol@example.org", Birth_Date="1990-09-30", **here),
    ]  # fmt: skip
    alice = passenger(1, "ALICEMRS", "ANDERSSON", loyalty_number=ALICE, birth_date="1984-05-17")
    bob = passenger(2, "BOB", "BERGSTROM", loyalty_number=BOB)
    weekly = [booking(f"ALICE{week}", [alice], departs=AS_OF - WEEK * (week + 2)) for week in range(8)]
    together = booking("TWOFLY", [alice, bob], departs=AS_OF - timedelta(days=400),
                       contacts=[email_of("alice@example.org")])  # fmt: skip
    member_of = {"loyalty_number": ALICE, "email": None, "email_verified": False}
    return {
        "exchange_rates": rates_file(folder / "rates.csv", [
            {"Date": "2024-01-01", "Currency": "DKK", "Units per base": "7.46"},
        ]),
        "loyalty_members": members_file(folder / "members.csv", members),
        "loyalty_activity": activity_file(folder / "activity.csv", [
            *(month(ALICE, at) for at in range(1, 10)), month(BOB, 1, points=0, Points_Redeemed=900),
        ]),
        "pnr": json_file(folder / "pnr.ndjson", [*weekly, together]),
        "web_events": json_file(folder / "web.ndjson", [
            seen("w1", "dev-alice"), seen("w2", "dev-alice", user=member_of, type="login"), seen("w3", "dev-nobody"),
        ]),
        "consents": json_file(folder / "consents.ndjson", [
            said("c1", {"loyalty_number": ALICE}, "granted"),
            said("c2", {"email": "carol@example.org"}, "granted"),
            said("c3", {"loyalty_number": CAROL}, "withdrawn", at="2026-06-02T10:00:00+02:00"),
        ]),
        "competitor_fares": fares_file(folder / "fares.csv", [fare("89.00"), fare("120.50", Carrier="NV")]),
    }  # fmt: skip


def _table(path: Path, header: list[str], rows: Sequence[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
