"""A feed without a standard: read by its own names, by aliases, by the airline's own, as CSV and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from iaros.lib.purposes import Purpose
from profiles import corrections, pipeline
from profiles.ingest import mappings
from profiles.models import ColumnMapping, Event, EventKind, IdentifierKind, QuarantinedRow
from profiles.sources import lounge_visits, reading, template
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Family, Sample, WrongFile
from profiles.sources.preview import suggested
from profiles.sources.template import Template
from profiles.sources.told import Told
from tests import world as people

OURS = "Visit Id,Lounge,Entered At,Loyalty Number,Amount,Currency,Guests\n"
THEIRS = "scan;lounge_no;when;cardno;fee;ccy;guests\n"
MAPPING = {"scan": "Visit Id", "lounge_no": "Lounge", "when": "Entered At", "cardno": "Loyalty Number", "fee": "Amount",
           "ccy": "Currency"}  # fmt: skip


def read(name: str, header: str, *rows: str):
    connector = CONNECTORS[name]
    lines = reading.Lines([row.encode() for row in rows], np.arange(2, 2 + len(rows)))
    return connector.read(header.strip().encode(), lines)


@pytest.fixture
def member(take_in):
    take_in("loyalty_members", [people.member("480934", "Ingrid", "Solheim")])


def test_row__becomes_an_event_of_the_person(member, take_in, counts, customer):
    report = take_in("lounge_visits", (OURS + "LV-1,Nordic,2026-10-30T16:05:00Z,480934,32.00,EUR,2\n").encode())

    assert counts(report) == (1, 0, 0, 0)
    event = Event.objects.get()
    assert event.customer_id == customer("480934")
    assert (event.kind, event.item, event.value_base_minor) == (EventKind.LOUNGE_VISITED, "Nordic", 3200)
    assert (event.value_minor, event.currency) == (None, None)
    assert event.occurred_at == datetime(2026, 10, 30, 16, 5, tzinfo=UTC)
    assert event.properties == {"guests": 2}


def test_json__says_the_same_as_csv(member, take_in, counts):
    visit = {"visit_id": "LV-1", "Lounge": "Nordic", "Entered At": "2026-10-30T16:05:00Z", "member_id": "480934"}

    report = take_in("lounge_visits", json.dumps([visit, {**visit, "visit_id": "LV-2"}], indent=1).encode())

    assert counts(report) == (2, 0, 0, 0)
    assert Event.objects.filter(customer_id__isnull=False).count() == 2


def test_same_file_again__is_unchanged_and_a_changed_row_is_updated(member, take_in, counts):
    row = "LV-1,Nordic,2026-10-30T16:05:00Z,480934,,,2\n"
    take_in("lounge_visits", (OURS + row).encode())

    again = take_in("lounge_visits", (OURS + row).encode())
    changed = take_in("lounge_visits", (OURS + row.replace(",2\n", ",3\n")).encode())

    assert counts(again) == (0, 0, 1, 0)
    assert counts(changed) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (",Nordic,2026-10-30T16:05:00Z,480934,,,", "Visit Id", "empty"),
        ("LV-1,,2026-10-30T16:05:00Z,480934,,,", "Lounge", "empty"),
        ("LV-1,Nordic,30/10/2026,480934,,,", "Entered At", "'30/10/2026'"),
        ("LV-1,Nordic,2026-10-30T16:05:00Z,480934,-3,EUR,", "Amount", "'-3'"),
        ("LV-1,Nordic,2026-10-30T16:05:00Z,480934,3,EURO,", "Currency", "'EURO'"),
        ("LV-1,Nordic,2026-10-30T16:05:00Z,480934,3,EUR,1.5", "Guests", "1.5"),
        ("LV-1,Nordic,2026-10-30T16:05:00Z", "line", "3 fields"),
    ],
)
def test_a_value_that_cannot_be__sets_its_row_aside_and_no_other(member, take_in, counts, row, field, reason):
    good = "LV-9,Nordic,2026-10-30T16:05:00Z,480934,,,"

    report = take_in("lounge_visits", f"{OURS}{row}\n{good}\n".encode())

    assert counts(report) == (1, 0, 0, 1)
    waiting = QuarantinedRow.objects.get()
    assert (waiting.row, waiting.field, waiting.reason) == (2, field, reason)


def test_nobody_known__waits_and_makes_no_customer(take_in, counts):
    report = take_in("lounge_visits", (OURS + "LV-1,Nordic,2026-10-30T16:05:00Z,480934,,,\n").encode())

    assert counts(report) == (1, 0, 0, 0)
    assert Event.objects.get().customer_id is None


def test_passenger__is_known_by_name_and_booking():
    batch = read("lounge_visits", "Visit,Lounge,Entry Time,PNR,Last Name,First Name",
                 "LV-1,Nordic,2026-10-30T16:05:00Z,7KQX2M,Sølheim,IngridMRS")  # fmt: skip

    [keys] = [one for one in batch.keys if one.kind is IdentifierKind.TRAVELLER]
    assert keys.values == ["7KQX2M|solheim/ing"]
    assert keys.claims.all()


def test_wifi__free_sessions_are_no_purchase():
    batch = read("wifi_sessions", "Session Id,Connected At,Access,Amount,Currency",
                 "1,2026-10-30T18:40:00Z,paid,900,JPY", "2,2026-10-30T18:41:00Z,Free,,",
                 "3,2026-10-30T18:41:00Z,x,,")  # fmt: skip

    events = batch.facts["events"]
    assert events["mention"].tolist() == [0]
    assert (events["value_minor"].tolist(), events["kind"].tolist()) == ([900], [EventKind.ANCILLARY_BOUGHT])
    assert [(r.line, r.field) for r in batch.rejects] == [(2, "Access")]


def test_code__that_its_table_lacks__names_the_table(take_in, counts):
    header = "Receipt,Line,Sold At,Category,Amount,Currency,Paid By\n"

    report = take_in("onboard_sales", f"{header}R-1,1,2026-10-30T19:02:00Z,meal,11,EUR,shells\n".encode())

    assert counts(report) == (0, 0, 0, 1)
    assert QuarantinedRow.objects.get().code_table == "form_of_payment"


def test_partner_stay__in_nights():
    header = "Partner,Confirmation Number,Product Type,Check In,Nights,Loyalty Number,Spend,Currency"
    batch = read("partner_stays", header,
                 "HARBOUR,H-1,Lodging,2026-10-30T14:00:00Z,3,480934,412.00,EUR")  # fmt: skip

    events = batch.facts["events"]
    assert (events["item"], events["quantity"], events["channel"]) == (["hotel"], [3], ["partner"])
    assert batch.native_key == ["HARBOUR/H-1"]


def test_mapping__reads_the_airlines_own_columns(member, take_in, counts):
    corrections.save_mapping(source="lounge_visits", columns=MAPPING, by=None)

    report = take_in("lounge_visits", (THEIRS + "LV-1;Nordic;2026-10-30T16:05:00Z;480934;32.00;EUR;2\n").encode())

    assert counts(report) == (1, 0, 0, 0)
    assert Event.objects.get().value_base_minor == 3200


def test_mapping__of_json_members_within_others(member, take_in):
    corrections.save_mapping(source="lounge_visits", columns={"scan.id": "Visit Id", "scan.at": "Entered At"}, by=None)
    visit = {"scan": {"id": "LV-1", "at": "2026-10-30T16:05:00Z"}, "Lounge": "Nordic", "FFN": "480934"}

    take_in("lounge_visits", [visit])

    assert Event.objects.get().item == "Nordic"


def test_without_the_mapping__the_file_is_refused_and_says_what_is_missing(take_in, db):
    with pytest.raises(pipeline.FileRefused, match="missing Visit Id, Lounge, Entered At"):
        take_in("lounge_visits", (THEIRS + "LV-1;Nordic;2026-10-30T16:05:00Z;480934;32.00;EUR;2\n").encode())


@pytest.mark.parametrize(
    ("source", "columns", "said"),
    [
        ("pnr", {"x": "locator"}, "format of its own"),
        ("nothing", {}, "format of its own"),
        ("lounge_visits", {"x": "Bar"}, "'Bar' is not a field"),
        ("lounge_visits", {"x": "Lounge", "y": "Lounge"}, "both mean 'Lounge'"),
        ("lounge_visits", {"x" * 201: "Lounge"}, "too long"),
    ],
)
def test_mapping__that_does_not_fit__is_not_stored(db, source, columns, said):
    with pytest.raises(mappings.CannotMap, match=said):
        corrections.save_mapping(source=source, columns=columns, by=None)

    assert not ColumnMapping.objects.exists()


def test_mapping__each_wording_is_a_version_and_rings_once(db, django_capture_on_commit_callbacks, monkeypatch):
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(corrections, "REPLAYS", [lambda table, source: told.append((table, source))])

    with django_capture_on_commit_callbacks(execute=True):
        for columns in ({"x": "Lounge"}, {"x ": " Lounge"}, {"y": "Lounge"}):
            corrections.save_mapping(source="lounge_visits", columns=columns, by=None)

    assert mappings.current("lounge_visits").version == 2
    assert told == [("", "lounge_visits"), ("", "lounge_visits")]


def test_preview__says_what_the_mapping_makes_of_a_file(db, tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text(THEIRS + "LV-1;Nordic;2026-10-30T16:05:00Z;480934;32;EUR;2\nLV-2;Nordic;yesterday;;;;\n")

    shown = corrections.preview_mapping(source="lounge_visits", columns=MAPPING, path=path)
    bare = corrections.preview_mapping(source="lounge_visits", columns={}, path=path)

    assert shown.taken["Lounge"] == "lounge_no"
    assert shown.rows[0]["Visit Id"] == "LV-1"
    assert shown.faults == [(3, "Entered At", "'yesterday'", "a moment as 2026-10-31T09:14:00Z")]
    assert (bare.missing, bare.rows) == (["Visit Id", "Lounge", "Entered At"], [])
    assert "missing Visit Id" in bare.problem
    assert not ColumnMapping.objects.exists()


def test_suggestions__by_the_words_of_a_name():
    found = suggested(lounge_visits.FIELDS, ["visitId", "ENTERED_AT", "member number", "Bar", "surname"])

    assert found == {
        "visitId": "Visit Id",
        "ENTERED_AT": "Entered At",
        "member number": "Loyalty Number",
        "surname": "Surname",
    }


def test_recognition__by_the_columns_that_tell_the_feed():
    connector = CONNECTORS["lounge_visits"]

    assert connector.recognises(Sample("x", (OURS + "1,2\n").encode())) > 0.6
    assert connector.recognises(Sample("x", b"Visit Id,Guests\n")) == 0.0


KEY = Told("Id", "text", "1", required=True, to=("key",))
BARE = Template("bare", "Bare", Family.EXTERNAL, Purpose.SERVICING, (KEY,), kind=EventKind.CLAIM)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (replace(BARE, fields=(replace(KEY, required=False),)), "no column that must be there is the key"),
        (replace(BARE, fields=(KEY, Told("A", "text", "1", to=("person.shoe",)))), "nobody takes person.shoe"),
        (replace(BARE, fields=(KEY, Told("A", "shoe", "1"))), "A has no reader for shoe"),
        (replace(BARE, kind=None, fields=(KEY, Told("A", "moment", "1", to=("event.at",)))), "tells the kind of event"),
    ],
)
def test_template__that_does_not_hang_together__is_refused(bad, said):
    with pytest.raises(ValueError, match=said):
        template.connector(bad, None)


def test_header__without_a_column_that_must_be_there__is_of_no_template():
    with pytest.raises(WrongFile, match="missing Line"):
        read("onboard_sales", "Receipt,Sold At,Category,Amount,Currency", "R-1,2026-10-30T19:02:00Z,meal,11,EUR")


def test_a_row_that_waits__goes_in_once_its_code_is_known(member, take_in, counts):
    header = "Receipt,Line,Sold At,Category,Amount,Currency,Paid By,Loyalty Number\n"
    take_in("onboard_sales", f"{header}R-1,1,2026-10-30T19:02:00Z,meal,11,EUR,shells,480934\n".encode())
    corrections.load_codes(table="form_of_payment", content=b"code,meaning\nSHELLS,other\n", by=None)

    pipeline.replay(code_table="form_of_payment")

    assert not QuarantinedRow.objects.exists()
    assert Event.objects.get().properties == {"paid_by": "other"}
