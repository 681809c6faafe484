"""Codes are data: the airline's own go before the defaults, and a connector asks the tables in force."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest
from django.core.management import call_command
from django.urls import reverse

from iaros.accounts import roles
from iaros.accounts.models import User
from iaros.lib.commands import Refused
from profiles import corrections, currency
from profiles.ingest import code_entries
from profiles.models import CodeEntry, FareObservation
from profiles.sources import codes
from profiles.sources.codes import Code
from tests import world as people


@pytest.mark.parametrize("table", codes.TABLES)
def test_defaults__say_what_their_table_allows(table):
    entries = codes.defaults(table)

    assert entries
    assert not [entry for entry in entries if code_entries.faults_of(table, entry.code, entry.meaning)]
    assert len({(e.code, e.carrier, e.starts_on) for e in entries}) == len(entries)


@pytest.mark.parametrize(
    ("carrier", "booking_class", "on", "cabin"),
    [
        ("NV", "J", None, "C"),
        ("NV", "w", None, "W"),
        ("XX", "E", None, "Y"),
        ("BA", "E", None, "W"),
        ("LH", "G", date(2014, 4, 30), "Y"),
        ("LH", "G", date(2014, 5, 1), "W"),
        (None, "Y", None, "Y"),
        ("NV", "?", None, None),
        ("NV", None, None, None),
    ],
)
def test_cabin__is_the_carriers_on_that_day(carrier, booking_class, on, cabin):
    assert codes.cabin(carrier, booking_class, on) == cabin


def test_own_entry__goes_before_the_carriers_default():
    own = codes.Snapshot({"rbd_cabin": [Code("E", "Y", carrier="BA", starts_on=date(2026, 1, 1))]})

    with codes.using(own):
        assert codes.cabin("BA", "E", date(2026, 6, 1)) == "Y"
        assert codes.cabin("BA", "E", date(2025, 6, 1)) == "W"
    assert codes.cabin("BA", "E", date(2026, 6, 1)) == "W"


@pytest.mark.parametrize(("code", "special"), [("WCHR", True), ("KSML", True), ("MEDA", True),
                                               ("CTCE", False), ("QQQQ", True), (None, False)])  # fmt: skip
def test_requests__of_health_and_belief_and_unknown_ones__are_sealed(code, special):
    assert codes.is_special(code) is special


@pytest.mark.parametrize(("code", "decimals"), [("EUR", 2), ("JPY", 0), ("isk", 0), ("KWD", 3), ("QQQ", 2), (None, 2)])
def test_decimals__are_the_currencys(code, decimals):
    assert codes.decimals(code) == decimals


def test_amounts__in_yen__have_no_minor_units(take_in):
    take_in("competitor_fares", [people.fare("18900", Currency="JPY"), people.fare("189", Cabin="C")])

    assert set(FareObservation.objects.values_list("currency", "price_minor")) == {("JPY", 18900), ("EUR", 18900)}


def test_base_currency__from_yen_and_dinars__in_cents(settings):
    settings.BASE_CURRENCY = "EUR"
    day = np.array(["2026-01-01"], dtype="datetime64[D]")
    rates = currency.Rates({"JPY": day, "KWD": day}, {"JPY": np.array([160.0]), "KWD": np.array([0.32])})
    moments = np.array(["2026-02-01"] * 3, dtype="datetime64[us]")

    told = currency.minor_in_base([16_000, 3_200, 500], ["JPY", "KWD", "EUR"], moments, rates)

    assert told.tolist() == [10_000, 1_000, 500]


def test_load__replaces_the_airlines_own_table(db):
    first = corrections.load_codes(table="tier", content=b"code,meaning\nGULL,silver\nTERN,gold\n", by=None)
    second = corrections.load_codes(table="tier", content=b"Code,Meaning,Title\ngull,gold,Gull\nAUK,base,\n", by=None)

    assert (first.added, second.added, second.changed, second.removed, second.unchanged) == (2, 1, 1, 1, 0)
    with codes.using(code_entries.snapshot()):
        assert codes.lookup("tier", "Gull") == "gold"
        assert codes.lookup("tier", "TERN") is None
        assert codes.lookup("tier", "EMER") == "platinum"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "row 1: missing code, meaning"),
        (b"code,cabin\nA,Y\n", "row 1: missing meaning"),
        (b"code,meaning\nA,Q\n", "row 2: meaning 'Q'; expected F, C, W, Y"),
        (b"code,meaning\n,Y\n", "row 2: code is empty"),
        (b"code,meaning,starts_on\nA,Y,1.5.2026\n", "row 2: starts_on '1.5.2026'"),
        (b"code,meaning,starts_on,ends_on\nA,Y,2026-05-01,2026-04-01\n", "row 2: ends before it starts"),
        (b"code,meaning\nA,Y\na,C\n", "A stands twice"),
        (b"code,meaning\n\xff,Y\n", "not readable as CSV"),
        (b'code,meaning\n"A,Y\n', "not readable as CSV"),
    ],
)
def test_load__a_table_with_a_fault__changes_nothing(db, content, said):
    corrections.load_codes(table="rbd_cabin", content=b"code,meaning\nA,C\n", by=None)

    with pytest.raises(code_entries.CannotLoad, match=said.replace("'", ".")):
        corrections.load_codes(table="rbd_cabin", content=content, by=None)

    assert CodeEntry.objects.get().meaning == "C"


def test_load__rings_for_rows_that_wait(db, django_capture_on_commit_callbacks, monkeypatch):
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(corrections, "REPLAYS", [lambda table, source: told.append((table, source))])

    with django_capture_on_commit_callbacks(execute=True):
        corrections.load_codes(table="tier", content=b"code,meaning\nGULL,silver\n", by=None)
        corrections.load_codes(table="tier", content=b"code,meaning\nGULL,silver\n", by=None)

    assert told == [("tier", "")]


def test_command__loads_and_lists(db, tmp_path, capsysbinary):
    path = tmp_path / "tiers.csv"
    path.write_text("code,meaning,title\nGULL,silver,Gull\n")

    call_command("codes", "load", "tier", path, "--json")
    loaded = json.loads(capsysbinary.readouterr().out)
    call_command("codes", "list", "tier", "--json")
    listed = json.loads(capsysbinary.readouterr().out)

    assert loaded == {"table": "tier", "entries": 1, "added": 1, "changed": 0, "removed": 0, "unchanged": 0}
    told = {"code": "GULL", "carrier": "", "starts_on": None, "ends_on": None, "meaning": "silver", "title": "Gull"}
    assert listed["entries"][0] == {**told, "own": True}


def test_command__a_faulty_table__is_refused(db, tmp_path):
    path = tmp_path / "tiers.csv"
    path.write_text("code,meaning\nGULL,feathered\n")

    with pytest.raises(Refused, match="row 2: meaning"):
        call_command("codes", "load", "tier", path)


@pytest.fixture
def operator(db, client):
    user = User.objects.create_user("olga", password="long and secret words", is_staff=True)
    roles.sync()
    user.groups.add(*roles.Group.objects.filter(name=roles.OPERATOR))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_admin__an_operator_adds_a_code(operator):
    told = {"table": "rbd_cabin", "code": "q", "carrier": "nv", "meaning": "W", "title": "Premium"}

    response = operator.post(reverse("admin:profiles_codeentry_add"), told)

    assert response.status_code == 302
    entry = CodeEntry.objects.get()
    assert (entry.code, entry.carrier, entry.meaning, entry.changed_by.username) == ("Q", "NV", "W", "olga")


def test_admin__a_meaning_that_the_table_does_not_know__is_said(operator):
    told = {"table": "rbd_cabin", "code": "Q", "meaning": "Z"}

    response = operator.post(reverse("admin:profiles_codeentry_add"), told)

    assert response.status_code == 200
    assert b"expected F, C, W, Y" in response.content
    assert not CodeEntry.objects.exists()
