"""Rows that wait are mended: by hand, by a rule, or by a table that learnt a code. Nothing goes without a reason."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from iaros.accounts.models import User
from iaros.lib.models import Job
from privacy.models import AuditEvent
from profiles import corrections, pipeline, replaying
from profiles.ingest import mending
from profiles.ingest.mending import CannotMend
from profiles.models import IngestRun, LoyaltyActivity, QuarantinedRow
from tests import world as people
from tests.profiles.test_rollback import database

FAULTY = [people.month("7", 13), people.month("8", 2, points="many"), people.month("9", 1)]


@pytest.fixture
def stella(db) -> User:
    return User.objects.create_user("stella")


@pytest.fixture
def waiting(take_in) -> list[QuarantinedRow]:
    take_in("loyalty_activity", FAULTY)
    return list(QuarantinedRow.objects.order_by("row"))


def text_of(row: QuarantinedRow) -> str:
    [opened] = mending.open_rows([row])
    return opened.raw.decode()


def test_edited_and_taken_in__it_waits_no_more(waiting, stella):
    row = mending.edit(waiting[0].id, text=text_of(waiting[0]).replace(",13,", ",12,"), by=stella)

    [report] = pipeline.replay(rows=[row.id], by=stella)

    assert (report.counts.new, report.counts.quarantined) == (1, 0)
    assert LoyaltyActivity.objects.filter(month="2026-12-01").exists()
    assert [left.row for left in QuarantinedRow.objects.all()] == [3]
    assert AuditEvent.objects.filter(action="mended a quarantined row", actor="stella").count() == 1


def test_an_edit_that_is_still_wrong__is_refused_with_what_is_wrong(waiting, stella):
    before = text_of(waiting[0])

    with pytest.raises(CannotMend) as refused:
        mending.edit(waiting[0].id, text=before.replace(",13,", ",14,"), by=stella)

    assert refused.value.faults[0].field == "Month"
    assert text_of(QuarantinedRow.objects.get(id=waiting[0].id)) == before


def test_an_edit_to_what_stands_already__is_unchanged_and_goes(waiting, stella):
    good = people.month("9", 1)
    line = ",".join(str(good.get(name, "")) for name in header_of(waiting[0]))

    row = mending.edit(waiting[0].id, text=line, by=stella)
    [report] = pipeline.replay(rows=[row.id])

    assert report.counts.unchanged == 1
    assert not QuarantinedRow.objects.filter(id=row.id).exists()


def header_of(row: QuarantinedRow) -> list[str]:
    return IngestRun.objects.get(id=row.run_id).header.split(",")


def test_a_rule__mends_all_it_can__and_leaves_the_rest(take_in, stella):
    take_in("loyalty_activity", [people.month("7", 1, points="n/a"), people.month("8", 1, points="n/a"),
                                 people.month("9", 99, points="n/a"), people.month("9", 1, points="-")])  # fmt: skip
    rows = QuarantinedRow.objects.order_by("row")

    done = mending.edit_all(rows, field="Points Accumulated", was="n/a", becomes="0", by=stella)

    assert (done.mended, done.still_faulty, done.untouched) == (2, 1, 1)
    [report] = pipeline.replay(source="loyalty_activity")
    assert (report.counts.new, report.counts.quarantined) == (2, 2)
    assert QuarantinedRow.objects.count() == 2


def test_a_rule__reaches_into_objects(take_in, stella):
    take_in("pnr", [people.booking("BADAPT", [people.passenger(1, "KIM", "K")], segments=[
        {**people.booking("X", [people.passenger(1, "KIM", "K")])["segments"][0], "origin": "QQQ"}])])  # fmt: skip
    [row] = QuarantinedRow.objects.all()

    done = mending.edit_all([row], field="segments[].origin", was="QQQ", becomes="OSL", by=stella)

    assert done.mended == 1
    assert pipeline.replay(source="pnr")[0].counts.new == 1


@pytest.mark.parametrize(
    ("raw", "header", "field", "expected"),
    [
        (b"a;b,c;d", b"x;y;z", "y", b"a;new;d"),
        (b"a,b", b"x,y", "z", None),
        (b'{"k":{"n":5}}', None, "k.n", b'{"k":{"n":"new"}}'),
        (b"UNT+5'", None, "", b"UNT+new'"),
        (b"no such value", None, "", None),
    ],
)
def test_replacing__changes_the_field_and_nothing_else(raw, header, field, expected):
    was = "b,c" if header == b"x;y;z" else "5"

    assert mending.replaced(raw, header, field=field, was=was, becomes="new") == expected


def test_discarded__with_a_reason__and_the_trail_says_so(waiting, stella):
    with pytest.raises(CannotMend, match="why"):
        mending.discard([waiting[0].id], reason=" ", by=stella)

    mending.discard([waiting[0].id], reason="a test row of the supplier", by=stella)

    told = AuditEvent.objects.get(action="discarded quarantined rows")
    assert told.reason == "a test row of the supplier"
    assert told.details["rows"][0]["row"] == waiting[0].row
    assert not QuarantinedRow.objects.filter(id=waiting[0].id).exists()


def test_what_a_later_row_superseded__comes_back_only_by_name(take_in):
    take_in("loyalty_activity", [people.month("7", 1, points=10), people.month("7", 1, points=15)])
    [row] = QuarantinedRow.objects.all()

    assert replaying.groups(source="loyalty_activity") == []
    pipeline.replay(rows=[row.id])

    assert LoyaltyActivity.objects.get().points_earned == 10


def test_a_code_table_that_changed__rings_for_the_rows_it_concerns(waiting, django_capture_on_commit_callbacks):
    QuarantinedRow.objects.filter(row=2).update(code_table="cabin")

    with django_capture_on_commit_callbacks():
        replaying.ring("cabin", "")
        replaying.ring("tiers", "")

    assert Job.objects.get(kind="replay").params["code_table"] == "cabin"
    assert [replaying.ring] == corrections.REPLAYS


def test_a_replay_taken_back__leaves_the_rows_waiting_again(waiting, stella):
    row = mending.edit(waiting[0].id, text=text_of(waiting[0]).replace(",13,", ",12,"), by=stella)
    before = database()
    [report] = pipeline.replay(rows=[row.id])

    pipeline.roll_back(report.run_id)

    assert database() == before


def test_command__replays_what_is_named(waiting, stella, capfdbinary):
    mending.edit(waiting[0].id, text=text_of(waiting[0]).replace(",13,", ",12,"), by=stella)

    call_command("replay", "--source", "loyalty_activity", "--json")

    [run] = json.loads(capfdbinary.readouterr().out)["runs"]
    assert (run["new"], run["quarantined"]) == (1, 1)
