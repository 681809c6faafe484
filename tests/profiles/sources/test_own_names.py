"""Feeds whose readers know their own columns alone, read by the airline's names all the same."""

from __future__ import annotations

import json

import pytest

from profiles import corrections, pipeline
from profiles.models import Event, QuarantinedRow
from profiles.sources import own_names
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Framing
from tests import world as people

CALLS = "Vorgang;Beginn;Karte;Anliegen\nc-1;2026-10-30T18:20:01Z;480934;Umbuchung\n"
NAMES = {"Vorgang": "Call Id", "Beginn": "Started At", "Karte": "Loyalty Number", "Anliegen": "Reason"}


@pytest.fixture
def member(take_in):
    take_in("loyalty_members", [people.member("480934", "Ingrid", "Solheim")])


def test_every_table__takes_the_airlines_names():
    tables = [c for c in CONNECTORS.values() if c.framing is Framing.TABLE or c.has_header]

    assert len(tables) > 25
    assert [c.name for c in tables if c.mapped is None] == []


def test_calls__by_the_names_of_their_telephone_system(member, take_in, counts, customer):
    corrections.save_mapping(source="call_centre", columns=NAMES, by=None)

    report = take_in("call_centre", CALLS.encode())
    again = take_in("call_centre", CALLS.encode())

    assert counts(report) == (1, 0, 0, 0)
    assert counts(again) == (0, 0, 1, 0)
    event = Event.objects.get()
    assert (event.customer_id, event.item) == (customer("480934"), "umbuchung")


def test_json__by_members_that_lie_deeper(member, take_in, counts):
    corrections.save_mapping(
        source="call_centre",
        columns={"Vorgang": "Call Id", "Beginn": "Started At", "gast.karte": "Loyalty Number"},
        by=None,
    )
    call = {"Vorgang": "c-1", "Beginn": "2026-10-30T18:20:01Z", "gast": {"karte": "480934"}}

    report = take_in("call_centre", json.dumps([call]).encode())

    assert counts(report) == (1, 0, 0, 0)
    assert Event.objects.filter(customer_id__isnull=False).count() == 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Karte;Call Id", b"Loyalty Number;Call Id"),
        (b"Loyalty Number,Karte", b"not read: Loyalty Number,Loyalty Number"),
        (b"Member Number,KARTE,Notes", b"not read: Member Number,Loyalty Number,Notes"),
        (b"Loyalty Number,Notes", b"Loyalty Number,Notes"),
        (b"\xff\xfe", b"\xff\xfe"),
    ],
)
def test_header__ours_is_what_was_mapped_and_nothing_else(header, expected):
    assert own_names.renamed_header(CONNECTORS["call_centre"], {"Karte": "Loyalty Number"}, header) == expected


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"{}", b'{"x":{"y":1}}'])
def test_an_object_without_the_members__stays_as_it_is(raw):
    assert own_names.renamed_object({"x.z": "Call Id", "x.y.z": "Queue"}, raw) == raw


def test_a_new_wording__takes_in_the_rows_that_wait_for_it(member, take_in, counts):
    corrections.save_mapping(source="surveys", columns={"Note": "Score", "Wann": "Answered At"}, by=None)
    rows = b"Response Id,Wann,Loyalty Number,Note,Punkte\nr-1,2026-10-30T18:20:01Z,480934,gut,9\n"
    waiting = take_in("surveys", rows)

    corrections.save_mapping(source="surveys", columns={"Punkte": "Score", "Wann": "Answered At"}, by=None)
    [report] = pipeline.replay(source="surveys")

    assert counts(waiting) == (0, 0, 0, 1)
    assert counts(report) == (1, 0, 0, 0)
    assert not QuarantinedRow.objects.exists()
    assert Event.objects.get().quantity == 9


def test_members__by_the_names_of_another_programme(take_in, counts, customer, tmp_path):
    names = {"Kartennummer": "Loyalty Number", "Nachname": "Surname"}
    corrections.save_mapping(source="loyalty_members", columns=names, by=None)
    content = b"Kartennummer,Given Name,Nachname\n480934,Ingrid,Solheim\n"
    (tmp_path / "sample.csv").write_bytes(content)

    shown = corrections.preview_mapping(source="loyalty_members", columns=names, path=tmp_path / "sample.csv")
    report = take_in("loyalty_members", content)

    assert shown.rows == [{"Loyalty Number": "480934", "Given Name": "Ingrid", "Surname": "Solheim"}]
    assert (shown.missing, shown.faults) == ([], [])
    assert counts(report) == (1, 0, 0, 0)
    assert customer("480934")
