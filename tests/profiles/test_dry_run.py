"""A dry run says what a file would change, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from iaros.lib import jobs
from iaros.lib.models import Job, JobState, UndoRow
from profiles import difference, pipeline
from profiles.models import IngestRun, RunState
from tests import world as people
from tests.profiles.test_rollback import ACTIVITY, MEMBERS, database, two_who_become_one
from tests.world import ALICE, BOB


@pytest.fixture
def members(tmp_path: Path) -> Path:
    return people.members_file(tmp_path / "members.csv", MEMBERS)


def by_field(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {change["field"]: change for change in document["overwrites"]}


def test_it_says_what_would_be_new_overwritten_and_rejected(world, db, members):
    [document] = pipeline.preview("loyalty_members", [members])

    told = {name: document[name] for name in ("read", "new", "updated", "unchanged", "quarantined")}
    assert told == {"read": 3, "new": 1, "updated": 1, "unchanged": 0, "quarantined": 1}
    changes = by_field(document)
    assert changes["country"]["count"] == 1
    assert changes["country"]["examples"] == [{"of": str(world.alice), "was": "DK", "becomes": "SE"}]
    assert document["rejects"][0]["field"] == "Loyalty Number"
    assert document["rejects"][0]["examples"][0]["row"] == 4


def test_it_changes_nothing(world, db, members):
    before, runs = database(), IngestRun.objects.count()

    pipeline.preview("loyalty_members", [members])

    assert database() == before
    assert IngestRun.objects.count() == runs


def test_contacts__are_masked_unless_the_caller_may_see_them(world, db, members):
    [masked] = pipeline.preview("loyalty_members", [members])
    [revealed] = pipeline.preview("loyalty_members", [members], reveal=True)

    shown = by_field(masked)["email"]["examples"][0]
    assert (shown["was"], shown["becomes"]) == ("a•••••@example.org", "a•••••@new.example")
    assert by_field(revealed)["email"]["examples"][0]["becomes"] == "alice@new.example"


def test_facts__are_compared_one_by_one(world, tmp_path):
    path = people.activity_file(tmp_path / "activity.csv", ACTIVITY)

    [document] = pipeline.preview("loyalty_activity", [path])

    changes = by_field(document)
    assert changes["loyaltyactivity.points_earned"]["examples"][0]["becomes"] == "9999"
    assert changes["event.quantity"]["count"] == 1


def test_prices__are_compared_too(world, tmp_path):
    path = people.fares_file(tmp_path / "fares.csv", [people.fare("95.00")])

    [document] = pipeline.preview("competitor_fares", [path])

    assert by_field(document)["fareobservation.price_minor"]["examples"][0]["was"] == "8900"


def test_people_who_would_become_one__are_named(world, take_in, monkeypatch):
    merging = two_who_become_one(take_in)
    report = merging()

    document = difference.of_run(report.run_id)

    assert document["merges"]["count"] == 1
    assert document["merges"]["examples"][0]["survivor"] != document["merges"]["examples"][0]["duplicate"]


def test_several_files__the_second_knows_the_first(world, tmp_path):
    one = people.members_file(tmp_path / "one.csv", [people.member("NV000555", "Ida", "Falk")])
    two = people.members_file(tmp_path / "two.csv", [people.member("NV000555", "Ida", "Falk")])

    first, second = pipeline.preview("loyalty_members", [one, two])

    assert (first["new"], second["unchanged"]) == (1, 1)


def test_command__keeps_its_keys_and_adds_the_difference(world, db, members, capfdbinary):
    call_command("ingest", "loyalty_members", str(members), "--dry-run", "--json")

    document = json.loads(capfdbinary.readouterr().out)
    assert document["dry_run"] is True
    assert document["read"] == document["new"] + document["updated"] + document["unchanged"] + document["quarantined"]
    assert {"overwrites", "merges", "rejects", "seconds"} <= set(document)


def test_every_run__is_a_job_with_its_counts(world, take_in):
    report = take_in("loyalty_members", MEMBERS, "second")

    job = Job.objects.get(id=IngestRun.objects.get(id=report.run_id).job_id)
    assert (job.kind, job.state, job.done, job.result["read"]) == ("ingest", JobState.SUCCEEDED, 3, 3)


def test_cancelled__keeps_what_went_in__and_the_same_file_takes_in_the_rest(world, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline.reading, "LINES_A_CHUNK", 1)
    monkeypatch.setattr(jobs, "WRITE_SECONDS", 0.0)
    path = people.activity_file(tmp_path / "many.csv", [people.month(BOB, n) for n in range(2, 8)])

    def stop(*, phase: str, done: int, total: int) -> None:
        Job.objects.filter(kind="ingest", state=JobState.RUNNING).update(cancel_requested_at=people.AS_OF)

    with pytest.raises(pipeline.IngestCancelled):
        pipeline.ingest("loyalty_activity", path, progress=stop)
    run = IngestRun.objects.order_by("-started_at")[0]
    again = pipeline.ingest("loyalty_activity", path)

    assert run.state == RunState.CANCELLED
    assert 0 < run.new < 6
    assert again.counts.new + again.counts.unchanged == 6
    assert again.counts.unchanged == run.new


def test_an_unchanged_file__keeps_nothing_to_undo(world, db):
    pipeline.ingest("loyalty_members", world.files["loyalty_members"])

    assert not UndoRow.objects.filter(run_id=IngestRun.objects.order_by("-started_at")[0].id).exists()
    assert people.customer(ALICE) == world.alice
