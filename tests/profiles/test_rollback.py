"""A run is taken back: the database is as it was before it, table by table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from iaros.accounts.models import User
from iaros.lib.commands import Refused
from iaros.lib.models import UndoRow
from privacy import erasure, requests, subjects
from profiles import pipeline, selectors
from profiles.models import Customer, IdentifierKind, IngestRun, Link, LinkRule, Profile, RunState
from profiles.pipeline import CannotRollBack
from profiles.rollback import tables
from tests import world as people
from tests.world import ALICE, BOB

TELLS_OF_THE_RUN = {"profiles_ingestrun"}


def database() -> dict[str, list[str]]:
    """Every row of every table that a run may touch, as the database prints it."""
    names = sorted(
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.managed and model._meta.app_label in ("profiles", "privacy")
    )
    kept = [name for name in names if name not in TELLS_OF_THE_RUN | {"privacy_auditevent"}]
    found = {}
    with connection.cursor() as cursor:
        for name in kept:
            cursor.execute(f'SELECT t::text FROM "{name}" t ORDER BY 1')
            found[name] = [row for (row,) in cursor.fetchall()]
    return found


MEMBERS = [
    people.member(ALICE, "Alicia", "Andersson", Email="alice@new.example", Email_Verified="Y", Country="SE"),
    people.member("NV000077", "Gia", "Holm", Email="gia@example.org", Email_Verified="Y"),
    people.member("", "Nobody", "At All"),
]
CHANGED_BOOKINGS = [
    people.booking("ALICE0", [people.passenger(1, "ALICE", "ANDERSSON", loyalty_number=ALICE)], total_minor=99_900),
    people.booking("NEWONE", [people.passenger(1, "GIA", "HOLM"), people.passenger(2, "BOB", "BERGSTROM",
                   loyalty_number=BOB)], contacts=[people.email_of("gia@example.org", passenger=1, verified=True)]),
]  # fmt: skip
STATEMENTS = [
    people.said("c9", {"loyalty_number": ALICE}, "withdrawn", at="2026-10-01T10:00:00+02:00"),
    people.said("c2", {"email": "carol@example.org"}, "denied"),
]
ACTIVITY = [people.month(ALICE, 1, points=9999), people.month(BOB, 7), people.month("x", 13)]
SEEN = [people.seen("w9", "dev-nobody", user={"loyalty_number": BOB}, type="login"), people.seen("w3", "dev-new")]
FARES = [people.fare("95.00"), people.fare("70.00", Carrier="ZZ")]
RATES = [{"Date": "2026-10-01", "Currency": "DKK", "Units per base": "7.50"}]


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ("loyalty_members", MEMBERS),
        ("pnr", CHANGED_BOOKINGS),
        ("consents", STATEMENTS),
        ("loyalty_activity", ACTIVITY),
        ("web_events", SEEN),
        ("competitor_fares", FARES),
        ("exchange_rates", RATES),
    ],
)
def test_a_run_of_any_source__taken_back__leaves_the_database_as_it_was(world, take_in, source, content):
    before = database()
    report = take_in(source, content, "second")
    assert database() != before

    pipeline.roll_back(report.run_id)

    assert database() == before
    assert not UndoRow.objects.filter(run_id=report.run_id).exists()
    assert IngestRun.objects.get(id=report.run_id).state == RunState.ROLLED_BACK


def two_who_become_one(take_in: Callable[..., Any]) -> Callable[[], pipeline.IngestReport]:
    """Gia is known by an address and by a number; then a booking names both, and both had said something."""
    take_in("loyalty_members", [people.member("NV000088", "Gia", "Holm", Phone="+4520111222")])
    alone = people.booking("GIATWO", [people.passenger(1, "GIA", "HOLM")])
    take_in("pnr", [{**alone, "contacts": [people.email_of("gia@h.example", passenger=1, verified=True)]}])
    take_in("consents", [
        people.said("g1", {"loyalty_number": "NV000088"}, "granted"),
        people.said("g2", {"email": "gia@h.example"}, "withdrawn"),
    ])  # fmt: skip
    both = people.booking("GIATRE", [people.passenger(1, "GIA", "HOLM", loyalty_number="NV000088")])
    both["contacts"] = [people.email_of("gia@h.example", passenger=1, verified=True)]
    return lambda: take_in("pnr", [both], "both")


def test_a_run_that_merged_people__taken_back__makes_them_two_again(world, take_in):
    merging = two_who_become_one(take_in)
    before = database()
    report = merging()
    assert Link.objects.filter(rule=LinkRule.MERGE).exists()

    pipeline.roll_back(report.run_id)

    assert database() == before


def test_a_run_in_several_chunks__taken_back__leaves_nothing(world, take_in, monkeypatch):
    monkeypatch.setattr(pipeline.reading, "LINES_A_CHUNK", 2)
    before = database()
    locators = [
        people.booking(f"MANY0{n}", [people.passenger(1, "ALICE", "ANDERSSON", loyalty_number=ALICE)]) for n in range(5)
    ]
    new = [people.booking(f"OTHE0{n}", [people.passenger(1, "KIM", "K", loyalty_number="NV000099")]) for n in range(5)]

    report = take_in("pnr", [*locators, *new], "many")
    pipeline.roll_back(report.run_id)

    assert database() == before


def test_taken_back__the_same_file_goes_in_again(world, take_in, counts):
    first = take_in("loyalty_members", MEMBERS, "second")
    pipeline.roll_back(first.run_id)

    again = take_in("loyalty_members", MEMBERS, "second")

    assert counts(again) == counts(first)
    assert selectors.find_customers("gia@example.org", purpose="servicing")


def test_a_later_run_on_the_same_people__refused__with_its_name(world, take_in):
    first = take_in("loyalty_members", MEMBERS, "second")
    later = take_in("loyalty_activity", [people.month("NV000077", 3)], "later")

    with pytest.raises(CannotRollBack, match=later.run_id):
        pipeline.roll_back(first.run_id)


def test_a_later_run_that_changed_the_same_profile__refused__and_both_go_together(world, take_in):
    before = database()
    first = take_in("loyalty_members", MEMBERS, "second")
    later = take_in("loyalty_members", [people.member(ALICE, "Alice", "Ahl", Country="NO")], "third")
    with pytest.raises(CannotRollBack, match="changed"):
        pipeline.roll_back(first.run_id)

    reports = pipeline.roll_back(first.run_id, later=True)

    assert [str(report.run_id) for report in reports] == [later.run_id, first.run_id]
    assert database() == before


def test_a_later_run_about_others__stays(world, take_in):
    first = take_in("loyalty_members", MEMBERS, "second")
    take_in("loyalty_members", [people.member("NV000123", "Other", "Person")], "third")

    pipeline.roll_back(first.run_id)

    assert selectors.customer_by_key(IdentifierKind.LOYALTY_NUMBER, "NV000123")
    assert not selectors.customer_by_key(IdentifierKind.LOYALTY_NUMBER, "NV000077")


def test_a_refresh_in_between__search_finds_who_is_there_again(world, take_in):
    report = take_in("loyalty_members", [people.member(ALICE, "Alice", "Zetterlund")], "married")
    pipeline.refresh(as_of=people.AS_OF)

    pipeline.roll_back(report.run_id)
    pipeline.refresh(as_of=people.AS_OF)

    assert selectors.find_customers("Zetterlund", purpose="servicing") == []
    assert [m.profile.customer_id for m in selectors.find_customers("Andersson", purpose="servicing")] == [world.alice]


def test_somebody_restricted_since__refused(world, take_in):
    report = take_in("loyalty_members", MEMBERS, "second")
    subjects.restrict(people.customer("NV000077"))

    with pytest.raises(CannotRollBack, match="restricted"):
        pipeline.roll_back(report.run_id)


def test_somebody_erased_since__stays_erased(world, take_in):
    report = take_in("loyalty_members", MEMBERS, "second")
    dpo = User.objects.create_user("dora", is_staff=True)
    request = requests.open_request("erasure", world.alice, by=dpo)
    requests.verify_identity(request, how="signed in", by=dpo)
    erasure.erase(request.id)
    assert not UndoRow.objects.filter(owner=world.alice).exists()

    pipeline.roll_back(report.run_id)

    assert not Customer.objects.filter(id=world.alice).exists()
    assert not Profile.objects.filter(id=world.alice).exists()


def test_unknown_running_or_twice__refused(world, take_in):
    report = take_in("loyalty_members", MEMBERS, "second")
    pipeline.roll_back(report.run_id)

    for run in (uuid4(), report.run_id):
        with pytest.raises(CannotRollBack):
            pipeline.roll_back(run)


def test_command__says_what_was_taken_back__or_refuses(world, take_in, capfdbinary):
    report = take_in("loyalty_members", MEMBERS, "second")

    call_command("rollback", report.run_id, "--json")

    [taken_back] = json.loads(capfdbinary.readouterr().out)["rolled_back"]
    assert taken_back["run"] == report.run_id
    assert taken_back["rows"]["profiles_customer"] == 1
    with pytest.raises(Refused, match="already"):
        call_command("rollback", report.run_id)


def test_outside_of_a_run__nothing_is_kept(world, db):
    Profile.objects.filter(id=world.alice).update(country="FI")

    assert not UndoRow.objects.filter(kept_at__gt=people.AS_OF, owner=world.alice, run_id__isnull=True).exists()
    assert UndoRow.objects.filter(image__country="FI").count() == 0


def triggered() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'keep_undo_of_update'")
        yield from (name for (name,) in cursor.fetchall())


def test_every_table_a_run_changes__is_watched(db):
    assert {kept.table for kept in tables.all_tables()} == set(triggered())


# What a run never touches: it says of runs and sources, or was decided by people.
NOT_OF_A_RUN = {
    "profiles_codeentry",
    "profiles_delivery",
    "profiles_deliverypart",
    "profiles_identityact",
    "profiles_ingestrun",
    "profiles_pull",
    "profiles_source",
    "profiles_sourcereliability",
    "profiles_columnmapping",
    "profiles_matchmodelversion",
    # Found again where it matters; a pair whose customers are gone is shown to nobody.
    "profiles_reviewpair",
    "profiles_pairverdict",
    "profiles_sharedidentifier",
}


def test_every_table_of_profiles__is_brought_back_or_never_touched():
    names = {model._meta.db_table for model in apps.get_app_config("profiles").get_models() if model._meta.managed}

    assert names - NOT_OF_A_RUN == {k.table for k in tables.all_tables() if k.table.startswith("profiles_")}
