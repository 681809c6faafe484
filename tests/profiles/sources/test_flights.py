"""The schedule, and what became of flights: kept about nobody, and told to those who were booked on them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from profiles import pipeline
from profiles.enrichment import disruptions
from profiles.models import Event, EventKind, FlightStatus, QuarantinedRow, ScheduledLeg
from tests import world as people

PUBLIC = Path(__file__).resolve().parents[4] / "shared" / "data" / "ssim"
ANN, BO = people.passenger(1, "ANN", "EK"), people.passenger(2, "BO", "EK")
DEPARTS = people.AS_OF - timedelta(days=5)


def record(text: str, serial: int) -> bytes:
    return (text.ljust(194) + f"{serial:06d}").encode()


def leg(number: str = " 781", period: str = "29MAR2624OCT26", days: str = "12345  ", serial: int = 3) -> bytes:
    stations = "CPH07150715+0200 3LIS10301030+0100 1"
    return record(f"3 NV {number}0101J{period}{days} {stations}73HYBMHQ", serial)


def schedule(*legs: bytes, counted: int | None = None) -> bytes:
    last = 2 + len(legs)
    trailer = ("5 NV".ljust(187) + f"{counted or last:06d}E{last + 1:06d}").encode()
    head = record("2LNV  0008    29MAR2624OCT2601MAR26", 2)
    return b"\n".join([record("1AIRLINE STANDARD SCHEDULE DATA SET", 1), b"0" * 200, head, *legs, trailer]) + b"\n"


def fault() -> tuple[str, str]:
    row = QuarantinedRow.objects.get()
    return row.field, row.reason


def test_ssim__a_leg__keeps_both_times_of_both_ends(take_in, counts):
    report = take_in("ssim", schedule(leg()))

    assert counts(report) == (1, 0, 0, 0)
    found = ScheduledLeg.objects.get()
    assert (found.carrier, found.flight_number, found.origin, found.destination) == ("NV", "781", "CPH", "LIS")
    assert (found.passenger_departure, found.aircraft_departure, found.departure_variation) == ("0715", "0715", "+0200")
    assert (found.weekdays, str(found.starts_on), found.time_mode, found.aircraft) == (
        "12345",
        "2026-03-29",
        "L",
        "73H",
    )


def test_ssim__a_new_issue_with_other_serial_numbers__is_unchanged(take_in, counts):
    take_in("ssim", schedule(leg()))

    report = take_in("ssim", schedule(leg(" 600"), leg(serial=4)), "next")

    assert counts(report) == (1, 0, 1, 0)


def test_ssim__an_open_period_and_data_elements__are_kept(take_in):
    elements = record(f"4 NV  7810101J{'':14}AB010CPHLISTP 1234", 4)

    take_in("ssim", schedule(leg(period="29MAR2600XXX00"), elements))

    found = ScheduledLeg.objects.get()
    assert found.ends_on is None
    assert found.data_elements == [{"element": "010", "segment": "CPH-LIS", "text": "TP 1234"}]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (schedule(leg(period="29XXX2624OCT26"), leg(" 600", serial=4)), "Period"),
        (schedule(leg(period="29OCT2624MAR26"), leg(" 600", serial=4)), "Period"),
        (schedule(leg(days="ABCDEFG"), leg(" 600", serial=4)), "Days of operation"),
        (schedule(leg().replace(b"CPH0715", b"CPH2515"), leg(" 600", serial=4)), "Departure time"),
        (schedule(leg()[:40], leg(" 600", serial=4)), "record"),
        (schedule(leg(), counted=9), "totals"),
        (schedule(leg()).rpartition(b"5 NV")[0], "end"),
        (schedule(leg()) + b"NONSENSE\n", "record"),
    ],
)
def test_ssim__what_cannot_be__is_named_and_other_legs_go_in(take_in, counts, content, field):
    assert counts(take_in("ssim", content)) == (1, 0, 0, 1)
    assert fault()[0] == field


@pytest.mark.public_data
@pytest.mark.skipif(not PUBLIC.is_dir(), reason=f"no public files in {PUBLIC}")
def test_ssim__public_sample__is_its_legs_and_no_padding(db, counts):
    assert counts(pipeline.ingest("auto", PUBLIC / "sample.ssim")) == (514, 0, 0, 0)
    assert counts(pipeline.ingest("ssim", PUBLIC / "sample.ssim")) == (0, 0, 514, 0)


def status(state: str = "cancelled", **more: str) -> bytes:
    row = {
        "carrier": "NV",
        "flight_number": "0781",
        "flight_date": f"{DEPARTS:%Y-%m-%d}",
        "origin": "CPH",
        "destination": "LIS",
        "flight_status": state,
        "delay_minutes": "",
        "scheduled_departure": "2026-10-30T06:10:00Z",
        "estimated_departure": "",
    } | more
    return (",".join(row) + "\n" + ",".join(row.values()) + "\n").encode()


def disrupted() -> list[Event]:
    return list(Event.objects.filter(kind=EventKind.DISRUPTION).order_by("customer_id"))


def test_status__the_last_word__stands(take_in, counts):
    take_in("disruptions", status("delayed", delay_minutes="20"))

    assert counts(take_in("disruptions", status("delayed", delay_minutes="90"), "later")) == (0, 1, 0, 0)
    assert FlightStatus.objects.get().delay_minutes == 90


def test_status__without_a_delay__is_late_by_the_clock(take_in):
    take_in("disruptions", status("delayed", estimated_departure="2026-10-30T08:25:00+00:00"))

    assert FlightStatus.objects.get().delay_minutes == 135


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"flight_status": "perhaps"}, "flight_status"),
        ({"flight_date": "30/10/2026"}, "flight_date"),
        ({"origin": "COPENHAGEN"}, "origin"),
        ({"delay_minutes": "soon"}, "delay_minutes"),
        ({"flight_status": ""}, "flight_status"),
    ],
)
def test_status__what_cannot_be__is_named(take_in, counts, changes, field):
    assert counts(take_in("disruptions", status(**changes))) == (0, 0, 0, 1)
    assert fault()[0] == field


def test_cancelled__each_passenger_booked_on_it__is_disrupted_once(take_in):
    take_in("pnr", [people.booking("7KQX2M", [ANN, BO], departs=DEPARTS), people.booking("OTHER1", [ANN])])
    take_in("disruptions", status())

    assert (disruptions.refresh(), disruptions.refresh()) == (2, 0)

    events = disrupted()
    assert len({event.customer_id for event in events}) == 2
    assert {(event.item, event.properties["state"], event.properties["flight"]) for event in events} == {
        ("CPH-LIS", "cancelled", "NV781")
    }


def test_late__told_later_than_it_was__takes_the_place_of_what_was_told(take_in):
    take_in("pnr", [people.booking("7KQX2M", [ANN], departs=DEPARTS)])
    take_in("disruptions", status("delayed", delay_minutes="75"))
    disruptions.refresh()
    take_in("disruptions", status("cancelled"), "later")
    disruptions.refresh()

    assert [event.properties["state"] for event in disrupted()] == ["cancelled"]


def test_late__by_less_than_an_hour_or_no_more__is_no_disruption(take_in):
    take_in("pnr", [people.booking("7KQX2M", [ANN], departs=DEPARTS)])
    take_in("disruptions", status("delayed", delay_minutes="75"))
    disruptions.refresh()
    take_in("disruptions", status("delayed", delay_minutes="25"), "later")

    disruptions.refresh()

    assert disrupted() == []


def test_booking__told_anew_or_late__keeps_its_disruption(take_in):
    take_in("disruptions", status())
    disruptions.refresh()
    take_in("pnr", [people.booking("7KQX2M", [ANN], departs=DEPARTS)])
    disruptions.refresh()
    take_in("pnr", [people.booking("7KQX2M", [ANN], departs=DEPARTS, total_minor=1)], "changed")

    disruptions.refresh()

    assert len(disrupted()) == 1
