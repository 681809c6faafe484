"""PNRGOV messages: what a record tells, for what it may be used, and what is named where envelopes break their word."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from profiles import pipeline
from profiles.models import EventKind, FlightLeg, IdentifierKind, QuarantinedRow, SourceRecord
from profiles.sources import pnrgov
from profiles.sources.contract import Lines
from profiles.sources.edifact_units import units
from tests.profiles.sources.reservations import faults_and_batches, names, public, rows

SOLHEIM = (
    "SRC'RCI+NV:7KQX2M::020726:1011'DAT+700:030726:0900+710:020726:1012'"
    "ORG+NV:CPH+52519950:LON+++T+NO:EUR+AB12'"
    "TIF+SOLHEIM+INGRIDMS:A:1'FTI+NV:480934:::GOLD'IFT+4:28::YY+CTCE INGRID..SOLHEIM//EXAMPLE.ORG'FAR+N+++++YRTNV'"
    "SSR+DOCS:HK:1:NV:::::/P/NOR/A1234567/NOR/17MAY84/F/20MAY30/SOLHEIM/INGRID+::1'"
    "TKT+8892120234533:T:1'MON+B:300.00:EUR+T:412.00:EUR'FOP+CC::412.00:VI:4111111111111111:1228'"
    "TIF+SOLHEIM+OLAVMSTR:IN:2'"
    "TVL+121226:1305:121226:1410+CPH+LHR+NV:SK+504:Y'TVL+++++1504:M'RPI+2+HK'"
    "SSR+WCHR:HK:1:NV:::CPH:LHR+::1'SSR+INFT:HK:1:NV:::CPH:LHR:SOLHEIM/OLAV 01FEB26+::1'"
    "SSR+SEAT:HK:1:NV:::CPH:LHR+12A::1'"
    "DAT+2:121226:1100'TRI++12:::1'TIF+SOLHEIM+INGRIDMS:A:1'SSD+012A++++Y'TBD++2:31:700+++NV:0001:2:LHR'"
    "TVL+201226:0900:201226:1205+LHR+CPH+NV+505:Y'RPI+2+HK'"
    "ABI+4++++NV'SAC+++X'TVL+191226:0900:191226:1205+LHR+CPH+NV+505:Y'"
)


def message(*groups: str, marks: str = "UNA:+.?*'", count: int | None = None, end: str = "") -> bytes:
    head = "UNH+1+PNRGOV:13:1:IA+R1'MSG+:22'ORG+NV:CPH'TVL+121226:1305:121226:1410+CPH+LHR+NV+504'EQN+1'"
    told = head + "".join(groups)
    segments = told.count("'") + 1
    trailer = f"UNT+{segments if count is None else count}+1'UNZ+1+77'"
    return f"{marks}UNB+IATA:1+NV+GOV+261212:1011+77'{told}{end or trailer}".encode()


def read(tmp_path, content: bytes):
    path = tmp_path / "push.edi"
    path.write_bytes(content)
    faults, batches = faults_and_batches(pnrgov.CONNECTOR, path)
    return faults, batches[0]


def test_record__passengers__names_without_titles_numbers_and_types(tmp_path):
    faults, batch = read(tmp_path, message(SOLHEIM))

    assert faults == []
    assert batch.native_key == ["7KQX2M/2026-07-02/1", "7KQX2M/2026-07-02/2"]
    assert names([batch]) == [("INGRIDMS", "SOLHEIM"), ("OLAVMSTR", "SOLHEIM")]
    assert batch.person["loyalty_number"] == ["480934", None]
    assert batch.person["birth_date"] == [None, "2026-02-01"]  # the infant's fare hangs on it; DOCS is the law's
    assert batch.facts["passengers"]["passenger_type"] == ["ADT", "INF"]


def test_record__flights__as_sold_with_who_flies_them_and_without_the_history(tmp_path):
    _, batch = read(tmp_path, message(SOLHEIM))

    assert rows(batch, "legs", "carrier", "flight_number", "operating_carrier", "operating_number", "departs_at") == [
        ("NV", "504", "SK", "1504", datetime(2026, 12, 12, 12, 5)),
        ("NV", "505", "", "", datetime(2026, 12, 20, 9, 0)),
    ]


def test_record__operating_carriers_own_message__number_sold_is_the_other_one(tmp_path):
    group = SOLHEIM.replace("NV:SK+504:Y'TVL+++++1504:M", "SK:NV+504:Y'TVL+++++1504:M")

    _, batch = read(tmp_path, message(group))

    assert rows(batch, "legs", "carrier", "flight_number", "operating_carrier", "operating_number")[0] == (
        *("SK", "1504", "NV", "504"),
    )


def test_record__fare__is_shared_among_coupons_and_adds_up(tmp_path):
    _, batch = read(tmp_path, message(SOLHEIM))

    coupons = rows(batch, "coupons", "ticket_number", "number", "leg_number", "fare_minor", "currency")
    assert coupons == [("8892120234533", 1, 1, 15000, "EUR"), ("8892120234533", 2, 2, 15000, "EUR")]
    assert batch.facts["bookings"]["total_minor"] == [41200]


def test_record__agents_contact__serves_disruptions_alone(tmp_path):
    _, batch = read(tmp_path, message(SOLHEIM))

    assert batch.person["irops_email"] == ["ingrid_solheim@example.org", None]
    assert batch.person["email"] == [None, None]
    assert {keys.kind: keys.values[0] for keys in batch.keys if keys.values[0]} == {
        IdentifierKind.LOYALTY_NUMBER: "480934",
        IdentifierKind.TRAVELLER: "7KQX2M|solheim/ing",
        IdentifierKind.PASSPORT: "NORA1234567",
    }


def test_record__passport__is_a_key_of_the_law_that_identifies_nobody(tmp_path):
    _, batch = read(tmp_path, message(SOLHEIM))

    passport = next(keys for keys in batch.keys if keys.kind == IdentifierKind.PASSPORT)
    assert passport.purpose == "legal_obligation"
    assert not passport.claims.any()


def test_record__services_and_day_of_travel(tmp_path):
    _, batch = read(tmp_path, message(SOLHEIM))

    assert rows(batch, "services", "mention", "leg_number", "code", "text") == [
        (0, 1, "WCHR", None),
        (0, 1, "SEAT", "12A"),
    ]
    told = dict(rows(batch, "events", "kind", "quantity"))
    assert (told[EventKind.CHECKED_IN], told[EventKind.BAG_CHECKED]) == (1, 2)


def test_record__card_number__is_masked_before_it_is_kept(tmp_path):
    path = tmp_path / "push.edi"
    path.write_bytes(message(SOLHEIM))

    with path.open("rb") as file:
        (record,) = units(file)

    assert b"4111111111111111" not in record.raw
    assert b"411111XXXXXX1111" in record.raw


def test_number_of_another_airlines_programme__is_an_account_there(tmp_path):
    _, batch = read(tmp_path, message(SOLHEIM.replace("FTI+NV:480934", "FTI+LH:992223")))

    account = next(keys for keys in batch.keys if keys.kind == IdentifierKind.ACCOUNT)
    assert account.values == ["ffp:LH:992223", None]
    assert batch.person["loyalty_number"] == [None, None]


def test_flights_all_gone__booking_is_cancelled_and_the_history_tells_which(tmp_path):
    group = "SRC'RCI+NV:7KQX2M::020726:1011'TIF+EK+ANNMS:A:1'ABI+4++++NV'SAC+++X'TVL+191226:0900+LHR+CPH+NV+505:Y'"

    _, batch = read(tmp_path, message(group))

    assert rows(batch, "legs", "flight_number", "status") == [("505", "XX")]
    assert batch.facts["bookings"]["status"] == ["cancelled"]


def test_split_record__passengers_keep_their_numbers(tmp_path):
    group = "SRC'RCI+NV:ABCDEF::020726:1011'TIF+EK+ANNMS:A:3'TVL+191226:0900+LHR+CPH+NV+505:Y'EQN+1'RCI+NV:FEDCBA'"

    _, batch = read(tmp_path, message(group))

    assert batch.native_key == ["ABCDEF/2026-07-02/3"]


@pytest.mark.parametrize(
    "marks",
    [
        ("UNA:+.?*'", ":", "+", "?", "'"),
        ("UNA:*.? $", ":", "*", "?", "$"),
        ("UNA:+.\\*~", ":", "+", "\\", "~"),
        ("UNA:+\\*'\n", ":", "+", "\\", "'"),  # the decimal mark left out
        ("UNA:+.\\*\N{RIGHT SINGLE QUOTATION MARK} ", ":", "+", "\\", "'"),  # made typographic by an editor
        ("", ":", "+", "?", "'"),
    ],
)
def test_separators__announced_mistyped_or_left_out__same_record(tmp_path, marks):
    announced, component, element, _, end = marks
    text = message(SOLHEIM, marks="").decode()
    told = text.translate({ord(":"): component, ord("+"): element, ord("'"): end})

    faults, batch = read(tmp_path, (announced + told).encode())

    assert faults == []
    assert names([batch]) == [("INGRIDMS", "SOLHEIM"), ("OLAVMSTR", "SOLHEIM")]


def test_released_characters__are_part_of_the_value(tmp_path):
    _, batch = read(tmp_path, message(SOLHEIM.replace("TIF+SOLHEIM+", "TIF+O?'SHEA?+?:??+")))

    assert batch.person["surname"][0] == "O'SHEA+:?"


def test_release_character_that_dangles__ends_no_more_than_its_segment(tmp_path):
    faults, batch = read(tmp_path, message(SOLHEIM.replace("FAR+N+++++YRTNV'", "FAR+N+++++YRTNV?'")))

    assert [field for field, _ in faults] in ([], ["UNT"])
    assert batch.facts["coupons"]["ticket_number"][0] == "8892120234533"


def test_segments_broken_over_lines__are_joined(tmp_path):
    text = message(SOLHEIM).decode()
    broken = "\r\n".join(text[at : at + 69] for at in range(0, len(text), 69))

    faults, batch = read(tmp_path, broken.encode())

    assert faults == []
    assert names([batch]) == [("INGRIDMS", "SOLHEIM"), ("OLAVMSTR", "SOLHEIM")]


def test_latin_letters__are_read_as_the_interchange_says(tmp_path):
    text = message(SOLHEIM.replace("INGRIDMS", "ÅSEMS")).decode().replace("IATA:1", "UNOC:3")

    _, batch = read(tmp_path, text.encode("latin-1"))

    assert batch.person["given_name"][0] == "ÅSEMS"


def test_letters_of_no_known_set__are_named(tmp_path, take_in):
    report = take_in("pnrgov", message(SOLHEIM.replace("INGRIDMS", "ÅSEMS"), SOLHEIM).decode().encode("latin-1"))

    assert (report.counts.new, report.counts.quarantined) == (2, 1)
    assert QuarantinedRow.objects.get().reason.startswith("not UTF-8")


@pytest.mark.parametrize(
    ("content", "field", "reason"),
    [
        (message(SOLHEIM, count=12), "UNT", "says 12"),
        (message(SOLHEIM, end="UNZ+1+77'"), "UNT", "missing"),
        (message(SOLHEIM, end="UNT+41+1'UNZ+3+77'"), "UNZ", "says 3"),
        (message(SOLHEIM, end="UNT+41+1'"), "UNZ", "missing"),
        (b"SRC'RCI+" + SOLHEIM.encode()[8:], "UNB", "missing"),
        (b"Dear colleague, \r\n" + message(SOLHEIM), "line", "not EDIFACT: b'Dear colleague,'"),
    ],
)
def test_envelope_that_breaks_its_word__is_named_and_the_record_goes_in(tmp_path, content, field, reason):
    faults, batch = read(tmp_path, content)

    assert (field, reason) in faults
    assert len(batch.line) == 2


def test_file_that_ends_within_a_segment__last_record_waits(tmp_path):
    faults, batch = read(tmp_path, message(SOLHEIM, SOLHEIM.replace("7KQX2M", "8LRY3N"))[:-160])

    assert ("line", "the file ends within a segment") in faults
    assert batch.native_key == ["7KQX2M/2026-07-02/1", "7KQX2M/2026-07-02/2"]


def test_parts_of_a_series__one_that_did_not_come_is_named(tmp_path):
    one = message(SOLHEIM).decode().replace("+R1'", "+R1+01:C'").removesuffix("UNZ+1+77'")
    three = message(SOLHEIM.replace("7KQX2M", "8LRY3N"), marks="").decode().replace("+R1'", "+R1+03:F'")

    faults, batch = read(tmp_path, (one + three[three.index("UNH") :].replace("UNZ+1", "UNZ+2")).encode())

    assert faults == [("UNH", "part 3 after part 1")]
    assert len(batch.line) == 4


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ("RCI+NV:7KQX2M::020726:1011", "RCI+NV:", "RCI", "missing"),
        ("+CPH+LHR+NV:SK", "+QQQ+LHR+NV:SK", "TVL[1].origin", "'QQQ'"),
        ("TVL+121226:1305:", "TVL+321326:1305:", "TVL[1].departs", "'321326:1305'"),
        ("MON+B:300.00:EUR", "MON+B:300.00:USD", "MON", "'EUR, USD'"),
        ("MON+B:300.00:EUR", "MON+B:-3:EUR", "MON", "'-3'"),
        ("TIF+SOLHEIM+INGRIDMS:A:1'FTI", "TIF++INGRIDMS:A:1'FTI", "TIF.surname", "missing"),
    ],
)
def test_record_that_cannot_be_read__is_named_and_others_go_in(tmp_path, old, new, field, reason):
    other = SOLHEIM.replace("7KQX2M", "8LRY3N")

    faults, batch = read(tmp_path, message(SOLHEIM.replace(old, new), other))

    assert (field, reason) in faults
    assert batch.native_key == ["8LRY3N/2026-07-02/1", "8LRY3N/2026-07-02/2"]


def test_places_of_people_who_are_not_named_yet__are_nobody(tmp_path):
    group = SOLHEIM.replace("TIF+SOLHEIM+OLAVMSTR:IN:2'", "TIF+NORVIA BAND:G'TIF+TBA+B:A:2'")

    _, batch = read(tmp_path, message(group))

    assert names([batch]) == [("INGRIDMS", "SOLHEIM")]


def test_take_in__twice_changed_and_where_it_stands(take_in, counts):
    assert counts(take_in("pnrgov", message(SOLHEIM))) == (2, 0, 0, 0)
    assert counts(take_in("pnrgov", message(SOLHEIM).replace(b"261212:1011+77", b"261213:0000+99"))) == (0, 0, 2, 0)
    assert counts(take_in("pnrgov", message(SOLHEIM.replace("12A", "14C")))) == (0, 2, 0, 0)

    assert list(FlightLeg.objects.order_by("number").values_list("operating_carrier", flat=True)) == ["SK", ""]
    assert SourceRecord.objects.filter(superseded_at=None).count() == 2


def test_erased_passenger__goes_from_the_record_and_the_others_stay():
    raw = message(SOLHEIM)
    record = b"UNA:+.?*'" + raw[raw.index(b"MSG+") : raw.index(b"UNT+")]

    kept = pnrgov.CONNECTOR.without(record, lambda key: key.endswith("/1"), lambda *_: False)

    batch = pnrgov.read(None, Lines([kept], np.array([1])))
    assert batch.native_key == ["7KQX2M/2026-07-02/2"]
    assert batch.person["surname"] == ["SOLHEIM"]
    assert all(text not in kept for text in (b"INGRID", b"480934", b"8892120234533", b"A1234567", b"EXAMPLE", b"12A"))


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("name", "records", "people"),
    [
        ("2_pnrs_basic.edi", 2, ["SMITH", "JONES", "WAYNE", "COOPER"]),
        ("3_pnrs.edi", 3, ["VANDENBERG", "DYE", "DYE", "DYE", "CAPSON", "CAPSON", "ALLEN"]),
        ("adult_and_infant.edi", 1, ["TESTSURNAMEONE", "TESTSURNAMETWO"]),
        ("codeshare.edi", 2, ["PARK", "KIM"]),
        ("infant.edi", 1, ["BELT", "BELT"]),
        ("multiple_flight_leg_pnr.txt", 1, ["CHENNAPRAGADA", "NUTTALL"]),
        ("no_pnr_history.edi", 3, ["JACKS", "CARRERA", "DORON", "LENDROT"]),
        ("pnr1.txt", 1, ["SMITH", "JONES"]),
        ("pnr2.txt", 1, ["WAYNE", "COOPER"]),
        ("pnr3.txt", 1, ["DOOLIN", "CHISOLM", "WOO", "FENWICK"]),
        ("pnr4.txt", 1, ["RAVAL"]),
        ("pnrMessageExample.txt", 1, ["LOBB", "PHILIPPS", "BOLOGNA", "EULENBERGER", "HABTE"]),
        ("pnr_split.edi", 2, ["TESTSURNAMEONE", "TESTSURNAMEONE", "TESTSURNAMETHREE"]),
    ],
)
def test_public_file__every_record_comes_in_and_only_counts_are_named(name, records, people):
    path = public(f"pnrgov/gtas-loader/pnr-messages/{name}")

    faults, (batch,) = faults_and_batches(pnrgov.CONNECTOR, path)

    assert {field for field, _ in faults} <= {"UNT"}
    assert len(set(batch.line.tolist())) == records
    assert batch.person["surname"] == people


@pytest.mark.public_data
@pytest.mark.parametrize("name", ["Test1.txt", "Test3.txt", "airline2.edi", "multiple_flight_leg_apis.txt"])
def test_public_passenger_list__is_refused_whatever_it_is_said_to_be(db, name):
    path = public(f"pnrgov/gtas-loader/apis-messages/{name}")

    for source in ("auto", "pnrgov"):
        with pytest.raises(pipeline.FileRefused, match="legal obligation"):
            pipeline.ingest(source, path)
