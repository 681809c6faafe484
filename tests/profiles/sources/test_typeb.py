"""Type B messages: name lists, final sales and bags, alone or mixed, in order or not."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from iaros.lib import clock
from profiles import pipeline
from profiles.ingest import messages
from profiles.models import (
    Event,
    EventKind,
    Identifier,
    IdentifierKind,
    Link,
    Message,
    QuarantinedRow,
    ServiceRequest,
    SourceRecord,
)
from profiles.sources import reading
from profiles.sources.catalogue import CONNECTORS, recognise
from tests import world as people

FLIGHT_DAY = (clock.now() - timedelta(days=3)).date()
DAY = f"{FLIGHT_DAY:%d%b}".upper()
PUBLIC = Path(__file__).resolve().parents[4] / "shared" / "data" / "messages_misc"


def text(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def pnl(*elements: str, total: str = "-LIS001Y", kind: str = "PNL") -> bytes:
    return text(kind, f"NV781/{DAY} CPH PART1", total, *elements, f"END{kind}")


def faults() -> list[tuple[str, str, str]]:
    return list(QuarantinedRow.objects.order_by("row").values_list("field", "reason", "expected"))


def booked(take_in, *passengers, **more):
    take_in("pnr", [people.booking("7KQX2M", passengers, **more)])


ANN = people.passenger(1, "ANNMRS", "EK")
BO = people.passenger(2, "BO", "EK")


def test_pnl__a_passenger_whom_the_booking_knows__is_that_customer(take_in, counts):
    booked(take_in, ANN)

    report = take_in("pnl_adl", pnl("1EK/ANNMRS .L/7KQX2M .R/TKNE HK1 8891234567890/1"))

    assert counts(report) == (1, 0, 0, 0)
    assert Link.objects.filter(ended_at=None).values("customer_id").distinct().count() == 1
    assert Identifier.objects.filter(kind=IdentifierKind.ACCOUNT, claims=False).count() == 1


def test_pnl__a_passenger_nobody_knows__makes_no_customer_and_waits(take_in, counts):
    report = take_in("pnl_adl", pnl("1EK/ANNMRS .L/7KQX2M"))
    booked(take_in, ANN)
    pipeline.refresh(as_of=clock.now())

    assert counts(report) == (1, 0, 0, 0)
    assert Link.objects.filter(ended_at=None).values("customer_id").distinct().count() == 1
    assert Link.objects.filter(ended_at=None).count() == 2


def test_pnl__a_group__is_a_mention_for_each_name_with_its_own_remarks(take_in, counts):
    booked(take_in, ANN, BO)

    report = take_in("pnl_adl", pnl(
        "2EK/ANNMRS/BO-A2 .L/7KQX2M .R/VGML HK1-1EK/ANNMRS", ".R/PETC HK1 CAT-1EK/BO", total="-LIS002Y",
    ))  # fmt: skip

    assert counts(report) == (2, 0, 0, 0)
    services = ServiceRequest.objects.order_by("code")
    assert [s.code for s in services] == ["PETC", None]
    assert len({s.customer_id for s in services}) == 2
    assert Event.objects.filter(kind=EventKind.BOOKING_CHANGED).count() == 0


def test_pnl__contacts_from_agents__are_for_disruptions_only(take_in):
    booked(take_in, ANN)

    take_in("pnl_adl", pnl("1EK/ANNMRS .L/7KQX2M .R/CTCE HK1/ANN..EK//EXAMPLE.ORG", ".R/CTCM HK1/4520123456/EN"))

    assert not Identifier.objects.filter(kind__in=(IdentifierKind.EMAIL, IdentifierKind.PHONE)).exists()


def test_pnl__passports__identify_nobody(take_in):
    booked(take_in, ANN)

    take_in("pnl_adl", pnl("1EK/ANNMRS .L/7KQX2M .R/DOCS HK1/P/NOR/N1234567/NOR/17MAY84/F/01JAN30/EK/ANN"))

    passport = Identifier.objects.get(kind=IdentifierKind.PASSPORT)
    assert (passport.claims, passport.purpose) == (False, "legal_obligation")


def test_pnl__father_and_son_of_one_name__are_two_mentions(take_in, counts):
    tickets = [f"1EK/BO .L/7KQX2M .R/TKNE HK1 889123456789{n}/1" for n in (1, 2)]

    assert counts(take_in("pnl_adl", pnl(*tickets, total="-LIS002Y"))) == (2, 0, 0, 0)


def test_adl__taken_off_the_flight__is_a_changed_booking(take_in, counts):
    booked(take_in, ANN, BO)
    elements = ("DEL", "1EK/ANNMRS .L/7KQX2M", "ADD", "1EK/BO .L/7KQX2M")

    report = take_in("pnl_adl", pnl(*elements, kind="ADL"))

    assert counts(report) == (2, 0, 0, 0)
    event = Event.objects.get(kind=EventKind.BOOKING_CHANGED)
    assert (event.item, event.properties, event.cabin) == ("CPH-LIS", {"change": "taken off"}, "Y")


def test_pnl__again_with_another_address_and_time__is_unchanged(take_in, counts):
    message = pnl("1EK/ANNMRS .L/7KQX2M")
    take_in("pnl_adl", text("QU CPHKKNV", ".CPHRMNV 121430") + message)

    report = take_in("pnl_adl", text("QD LISKKNV LISAANV", ".CPHRMNV 131200") + message, "again")

    assert counts(report) == (0, 0, 1, 0)


def test_pnl__in_two_parts__is_counted_over_both(take_in, counts):
    first = text("PNL", f"NV781/{DAY} CPH PART1", "-LIS002Y", "1EK/ANNMRS", "ENDPART1")
    second = text("PNL", f"NV781/{DAY} CPH PART2", "-LIS002Y", "1EK/BO", "ENDPNL")

    assert counts(take_in("pnl_adl", first + second)) == (2, 0, 0, 0)


@pytest.mark.parametrize(
    ("content", "read", "fault"),
    [
        (pnl("1EK/ANNMRS", "1EK/BO"), 2, ("totals", "2 names to LIS in Y", "1, as the list says itself")),
        (pnl("1EK/ANNMRS").replace(b"ENDPNL\n", b""), 1, ("end", "no ENDPNL", "ENDPNL or ENDPART after the last name")),
        (pnl("1EK/ANN .R/CHLD", "1/BO", total="-LIS2Y"), 1, ("name", "'1/BO'", "names as 1SURNAME/GIVENTITLE")),
        (pnl("1EK/ANN", "1.../BO", total="-LIS 02 Y"), 1, ("name", "'1.../BO'", "names as 1SURNAME/GIVENTITLE")),
        (b"PNL\nNV781 CPH\n-LIS001Y\n1EK/ANN\nENDPNL\n", 0, ("flight", "'NV781 CPH'", "a flight as BA0117/16DEC LHR")),
    ],
)
def test_pnl__disorder__is_named_and_the_names_go_in(take_in, counts, content, read, fault):
    new, _, _, quarantined = counts(take_in("pnl_adl", content))

    assert new == read
    assert quarantined == 1
    assert faults() == [fault]


def test_pnl__small_letters_and_carriage_returns__are_read(take_in, counts):
    content = pnl("1EK/ANNMRS .L/7KQX2M").lower().replace(b"\n", b"\r\n")

    assert counts(take_in("pnl_adl", content)) == (1, 0, 0, 0)


def test_pfs__no_show_and_go_show__are_told(take_in, counts):
    booked(take_in, ANN, BO)
    body = ("-LIS", "NOSHO 1Y", "1EK/ANNMRS .L/7KQX2M", "GOSHO 1Y", "1EK/BO .L/7KQX2M", "OFFLK 1Y", "1EK/CY")

    report = take_in("pfs", text("PFS", f"NV781/{DAY} CPH PART1", *body, "ENDPFS"))

    assert counts(report) == (3, 0, 0, 0)
    told = Event.objects.filter(kind__in=(EventKind.NO_SHOW, EventKind.BOARDED)).order_by("kind")
    assert [(e.kind, e.item) for e in told] == [(EventKind.BOARDED, "CPH-LIS"), (EventKind.NO_SHOW, "CPH-LIS")]


def test_pfs__nil__is_a_list_that_names_nobody(take_in, counts):
    content = text("PFS", f"NV781/{DAY} CPH PART1", "-LIS", "NIL", "ENDPFS")

    assert counts(take_in("pfs", content)) == (1, 0, 0, 0)
    assert counts(take_in("pfs", content, "again")) == (0, 0, 1, 0)
    assert not Event.objects.exists()


def bsm(*elements: str, tag: str = "0889123456001", action: str = "") -> bytes:
    start = filter(None, ("BSM", action, ".V/1LCPH", f".F/NV0781/{DAY}/LIS/Y", f".N/{tag}"))
    return text(*start, *elements, "ENDBSM")


NAMED = (".P/1EK/ANNMRS", ".L/7KQX2M", ".W/K/2/31")


def test_bsm__a_bag__is_checked_in_by_its_passenger(take_in, counts):
    booked(take_in, ANN)

    report = take_in("bsm_bpm", bsm(*NAMED, tag="0889123456002"))

    assert counts(report) == (1, 0, 0, 0)
    event = Event.objects.get(kind=EventKind.BAG_CHECKED)
    assert (event.item, event.quantity, event.properties, event.cabin) == ("CPH-LIS", 2, {"kilos": 31}, "Y")


def test_bsm__deleted_afterwards__was_never_checked_in(take_in, counts):
    booked(take_in, ANN)
    take_in("bsm_bpm", bsm(*NAMED))

    report = take_in("bsm_bpm", bsm(*NAMED, action="DEL"), "later")

    assert counts(report) == (0, 1, 0, 0)
    assert not Event.objects.filter(kind=EventKind.BAG_CHECKED).exists()


def test_bsm__of_a_transfer__is_no_second_bag(take_in):
    booked(take_in, ANN)

    take_in("bsm_bpm", bsm(*NAMED) + bsm(*NAMED).replace(b".V/1LCPH", b".V/1TLIS").replace(b"CPH", b"LIS"))

    assert Event.objects.filter(kind=EventKind.BAG_CHECKED).count() <= 1


def test_bpm__that_knows_the_tag_only__finds_its_passenger(take_in):
    booked(take_in, ANN)
    take_in("bsm_bpm", bsm(*NAMED))
    take_in("bsm_bpm", bsm().replace(b"BSM", b"BPM"), "loaded")

    pipeline.refresh(as_of=clock.now())

    assert Link.objects.filter(ended_at=None).values("customer_id").distinct().count() == 1
    assert Link.objects.filter(ended_at=None).count() == 3


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (bsm(tag="08891234"), ".N"),
        (bsm(tag="0889123456000"), ".N"),
        (bsm().replace(b".V/1LCPH", b".V/CPH"), ".V"),
        (bsm().replace(b".F/NV0781", b".F/0781"), ".F"),
        (bsm("FREE TEXT"), "element"),
        (text("BSM", ".V/1LCPH", "ENDBSM"), ".N"),
    ],
)
def test_bsm__what_cannot_be__is_named_and_others_go_in(take_in, counts, content, field):
    report = take_in("bsm_bpm", content + bsm(tag="0889999999001"))

    assert counts(report) == (1, 0, 0, 1)
    assert faults()[0][0] == field


MIXED = (
    text("QU CPHKKNV", ".CPHRMNV 121430")
    + pnl("1EK/ANNMRS .L/7KQX2M")
    + b"=\n"
    + bsm(*NAMED)
    + text("", "MVT", f"NV781/{DAY}.OYABC.CPH", "AD0712/0725")
)


def test_mixed__each_message__lands_with_the_feed_it_is_of(take_in, counts):
    report = take_in("typeb", MIXED)

    assert counts(report) == (2, 0, 0, 1)
    assert faults() == [("message", "unrecognised", QuarantinedRow.objects.get().expected)]
    assert QuarantinedRow.objects.get().expected.endswith("found MVT")
    assert counts(take_in("pnl_adl", pnl("1EK/ANNMRS .L/7KQX2M"))) == (0, 0, 1, 0)
    assert counts(take_in("typeb", MIXED, "again")) == (0, 0, 2, 1)
    assert SourceRecord.objects.filter(superseded_at=None).count() == 2


def test_mixed__taken_in_as_one_feed__the_others_are_named(take_in, counts):
    assert counts(take_in("pnl_adl", MIXED)) == (1, 0, 0, 2)


def test_mixed__over_several_chunks__comes_in_once(take_in, counts, monkeypatch):
    monkeypatch.setattr(reading, "LINES_A_CHUNK", 2)

    assert counts(take_in("typeb", MIXED + MIXED)) == (2, 0, 2, 2)


def test_messages__without_any_separator_or_end__are_told_apart(take_in, counts):
    content = bsm(*NAMED).replace(b"ENDBSM\n", b"") + bsm(tag="0889999999001").replace(b"ENDBSM\n", b"")

    assert counts(take_in("bsm_bpm", content)) == (2, 0, 0, 0)


def test_message__that_never_ends__is_cut_and_its_names_go_in(take_in, counts):
    names = [f"1EK/ANN{'ABCDEFGHIJ'[n % 10]}{'KLMNOPQRST'[n // 10 % 10]} .L/7K{n:04d}" for n in range(100)]
    chatter = [f"FREE TEXT {n:060d}" for n in range(40_000)]
    content = text("PNL", f"NV781/{DAY} CPH", "-LIS100Y", *names) + text("=", *chatter)

    new, _, _, quarantined = counts(take_in("pnl_adl", content))

    assert new == 100
    assert quarantined == 4


def test_envelope__of_a_message_archive__tells_the_year(take_in):
    labels = ("=HEADER", "RCV,2024/03/02 10:15", "=PRIORITY", "QU", "=DESTINATION TYPE B", "STX,CPHKKNV", "=ORIGIN",
              "CPHRMNV", "=MSGID", "021015", "=SMI", "BSM", "=TEXT")  # fmt: skip
    booked(take_in, ANN)

    take_in("bsm_bpm", text(*labels) + bsm(*NAMED).replace(DAY.encode(), b"03MAR").removeprefix(b"BSM\n"))

    assert str(Event.objects.get(kind=EventKind.BAG_CHECKED).occurred_at)[:10] == "2024-03-03"


@pytest.mark.parametrize(
    ("content", "name"),
    [(pnl("1EK/ANN"), "pnl_adl"), (bsm(), "bsm_bpm"), (MIXED, "typeb"), (b"MVT\nNV781/01OCT.OYABC.CPH\n", None)],
)
def test_recognised__by_the_kinds_of_its_messages(tmp_path, content, name):
    path = tmp_path / "station.txt"
    path.write_bytes(content)

    found = recognise(reading.sample(path))

    assert (found.name if found else None) == name


@pytest.mark.public_data
@pytest.mark.skipif(not PUBLIC.is_dir(), reason=f"no public files in {PUBLIC}")
def test_public__every_message__is_accounted_for(db, counts):
    mixed = pipeline.ingest("auto", PUBLIC / "typeb_samples.txt")
    bags = pipeline.ingest("auto", PUBLIC / "bsm_bpm_samples.txt")

    assert (mixed.source, counts(mixed)) == ("typeb", (5, 0, 0, 1))
    assert (bags.source, counts(bags)) == ("bsm_bpm", (4, 1, 0, 0))
    assert counts(pipeline.ingest("auto", PUBLIC / "bsm_bpm_samples.txt")) == (0, 0, 5, 0)
    assert all(CONNECTORS[name].introduces is False for name in ("pnl_adl", "pfs", "bsm_bpm"))


@pytest.mark.parametrize("hour", [11, 23], ids=["at noon", "when the airline's day is another than that of UTC"])
def test_mixed__taken_back__leaves_what_other_files_brought_readable(take_in, monkeypatch, hour):
    seconds = count()
    began = (clock.now() - timedelta(days=1)).replace(hour=hour, minute=30)
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=next(seconds)))
    own = take_in("pnl_adl", pnl("1EK/ANNMRS .L/7KQX2M"))
    mixed = take_in("typeb", pnl("1EK/BO .L/7KQX2M") + bsm(*NAMED))

    pipeline.roll_back(own.run_id)

    [record, _] = SourceRecord.objects.filter(message_id__in=Message.objects.filter(run_id=mixed.run_id).values("id"))
    assert messages.raw_line(record).endswith((b"1EK/BO .L/7KQX2M", b".W/K/2/31"))
    pipeline.roll_back(mixed.run_id)
    assert not SourceRecord.objects.exists()
