"""Scans of boarding passes: the bar code of Resolution 792, alone or beside a time and a gate."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iaros.lib import clock
from profiles.models import Event, EventKind, Identifier, IdentifierKind, Link, QuarantinedRow
from profiles.sources import bcbp, reading
from profiles.sources.catalogue import recognise
from tests import world as people

FLIGHT_DAY = (clock.now() - timedelta(days=2)).date()
DAY = f"{FLIGHT_DAY:%j}"
ANN = people.passenger(1, "ANNMRS", "EK", loyalty_number="480934")


def leg(origin: str = "CPH", destination: str = "LIS", day: str = DAY, items: str = "", seat: str = "012A") -> str:
    return f"{'7KQX2M':7}{origin}{destination}{'NV':3}{'0781':5}{day}M{seat}{'0045':5}1{len(items):02X}{items}"


def code(*legs: str, name: str = "EK/ANNMRS") -> str:
    return f"M{len(legs)}{name:20}E{''.join(legs)}"


def unique(version: int = 6, issued: str = "", bags: str = "") -> str:
    told = f"1WW{issued:4}B{'NV':3}{bags:13}"
    return f">{version}{len(told):02X}{told}"


def repeated(member: str = "480934", ticket: str = "8891234567890") -> str:
    told = f"{ticket:13}0 {'NV':3}{'NV':3}{member:16} 1PCY"
    return f"{len(told):02X}{told}"


def file(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def test_scan__of_a_known_passenger__is_boarded(take_in, counts):
    take_in("pnr", [people.booking("7KQX2M", [ANN])])

    report = take_in("bcbp", file(code(leg())))

    assert counts(report) == (1, 0, 0, 0)
    event = Event.objects.get(kind=EventKind.BOARDED)
    assert (event.item, event.cabin, str(event.occurred_at)[:10]) == ("CPH-LIS", "Y", FLIGHT_DAY.isoformat())
    assert event.properties == {"seat": "12A"}
    assert event.customer_id == Link.objects.filter(ended_at=None).values_list("customer_id", flat=True).first()


def test_scan__with_time_and_gate__is_boarded_then_and_there(take_in, counts):
    at = f"{FLIGHT_DAY}T06:02:11Z"

    report = take_in("bcbp", file("scanned_at,gate,barcode", f'{at},B12,"{code(leg())}"'))

    assert counts(report) == (1, 0, 0, 0)
    event = Event.objects.get(kind=EventKind.BOARDED)
    assert f"{event.occurred_at:%Y-%m-%dT%H:%M:%SZ}" == at
    assert event.properties["gate"] == "B12"


@pytest.mark.parametrize("version", range(2, 9))
def test_conditional_items__are_read_in_every_version(version):
    items = unique(version, issued="6302", bags="0889123456001") + repeated()

    found = bcbp.understood(code(leg(items=items), leg("LIS", "FNC", items=repeated("77"))))

    assert (found.version, found.issued, found.bags) == (str(version), "6302", ["0889123456001"])
    assert [(one.member, one.ticket, one.destination) for one in found.legs] == [
        ("480934", "8891234567890", "LIS"),
        ("77", "8891234567890", "FNC"),
    ]


def test_several_legs__the_one_of_the_day__is_boarded(take_in):
    tomorrow = FLIGHT_DAY + timedelta(days=1)
    both = code(leg(), leg("LIS", "FNC", f"{tomorrow:%j}"))

    take_in("bcbp", file(f"{tomorrow}T09:00:00+00:00;{both}"))

    assert Event.objects.get(kind=EventKind.BOARDED).item == "LIS-FNC"


def test_year__is_told_by_the_day_of_issue(take_in):
    past = clock.now().year - 2
    issued = f"{past % 10}300"

    take_in("bcbp", file(code(leg(day="302", items=unique(issued=issued) + repeated()))))

    assert Event.objects.get(kind=EventKind.BOARDED).occurred_at.year == past


def test_ticket_and_member_number__are_keys_and_the_ticket_claims_nobody(take_in):
    take_in("pnr", [people.booking("7KQX2M", [ANN])])

    take_in("bcbp", file(code(leg(items=unique() + repeated()))))

    assert not Identifier.objects.get(kind=IdentifierKind.ACCOUNT).claims


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("no bar code here", "code"),
        (f"B\r12,{code(leg())}", "line"),
        (code(leg()).replace("CPH", "C1H"), "from"),
        (code(leg(day="400")), "day of the year"),
        (code(leg(day="3²1")), "day of the year"),
        (code(leg())[:-2] + "ZZ", "length of conditional items"),
        (code(leg()).replace("M1", "M2"), "legs"),
        (f"2026-10-30T06:02,{code(leg())}", "scanned_at"),
    ],
)
def test_what_cannot_be__is_named_and_others_go_in(take_in, counts, line, field):
    report = take_in("bcbp", file(line, code(leg())))

    assert counts(report) == (1, 0, 0, 1)
    assert QuarantinedRow.objects.get().field == field


def test_again__is_unchanged_and_small_letters_are_read(take_in, counts):
    take_in("bcbp", file(code(leg())))

    assert counts(take_in("bcbp", file(code(leg())), "again")) == (0, 0, 1, 0)
    assert counts(take_in("bcbp", file(code(leg()).lower()), "small")) == (0, 1, 0, 0)


def test_recognised__by_its_lines(tmp_path):
    path = tmp_path / "gate"
    path.write_bytes(file(code(leg()), code(leg())))

    assert recognise(reading.sample(path)).name == "bcbp"
