"""The rules of quality say what is broken, keep a trend, and give one number a source."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iaros.demo import faults
from iaros.lib import clock
from profiles import pipeline
from profiles.models import IngestRun, QualityMeasure, RunState, Source
from profiles.quality import rules, scorecard
from tests import world as people


def broken(rule: str) -> list[str]:
    return [each.source for each in scorecard.broken() if each.rule == rule]


def runs_of(source: str, reads: list[int], *, ending: timedelta = timedelta()) -> None:
    source_id = Source.objects.get(name=source).id
    for ago, read in enumerate(reversed(reads)):
        at = clock.now() - ending - timedelta(days=ago)
        IngestRun.objects.create(
            source_id=source_id, file_name="f", state=RunState.DONE, read=read, unchanged=read, started_at=at
        )


def test_a_run__is_measured_at_once(take_in):
    take_in("loyalty_activity", [people.month("7", 1), *(people.month("8", 13) for _ in range(2))])

    measured = {row.rule: row for row in scorecard.latest("loyalty_activity")}
    assert (measured["rows readable"].checked, measured["rows readable"].failed) == (3, 2)
    assert broken("rows readable") == ["loyalty_activity"]
    assert measured["on time"].kept


@pytest.mark.parametrize(("last", "odd"), [(1000, False), (1300, False), (2000, True), (10, True)])
def test_volume__is_compared_with_the_usual(db, last, odd):
    runs_of("pnr", [1000, 1010, 990, 1005, 1000, 995, last])

    scorecard.measure(sources=["pnr"], nightly=False)

    assert broken("as many as usual") == (["pnr"] if odd else [])


def test_a_feed_that_is_late__is_named(db):
    runs_of("pnr", [100], ending=timedelta(days=2))

    scorecard.measure(sources=["pnr"], nightly=False)

    assert broken("on time") == ["pnr"]


def test_a_loyalty_number_of_nobody__is_found(world, take_in):
    take_in("loyalty_activity", [people.month("NOBODY1", 1)])
    scorecard.measure()

    found = {each["customer_id"] for each in rules.breaches("known members")}
    assert found == {people.customer("NOBODY1")}
    assert [row.failed for row in scorecard.latest("loyalty_activity") if row.rule == "known members"] == [1]


def test_overall__is_one_number_a_source__and_has_a_trend(world, db):
    scorecard.measure(at=clock.now() - timedelta(days=1))
    scorecard.measure()

    assert 0.5 < scorecard.reliability()["loyalty_members"] <= 1
    assert len(scorecard.trend("loyalty_members")[scorecard.OVERALL]) == 2


def test_rules__are_measured_in_few_statements(world, db, django_assert_max_num_queries):
    with django_assert_max_num_queries(60):
        scorecard.measure()

    assert QualityMeasure.objects.exists()


@pytest.mark.parametrize("source", ["loyalty_activity", "pnr", "consents"])
def test_faults__are_written_with_the_truth_beside_them(world, tmp_path, source):
    out = tmp_path / "spoilt"

    truth = faults.inject(source, world.files[source], out, share=1.0, seed=1)

    before, after = world.files[source].read_bytes().split(b"\n"), out.read_bytes().split(b"\n")
    assert {at + 1 for at, (a, b) in enumerate(zip(before, after, strict=True)) if a != b} == {f.row for f in truth}
    assert out.with_name("spoilt.faults.json").exists()


def test_faults__of_schema_and_domain__are_all_held(world, db, tmp_path):
    path = people.activity_file(tmp_path / "many.csv", [people.month(people.ALICE, n % 12 + 1) for n in range(12)])
    truth = faults.inject("loyalty_activity", path, tmp_path / "spoilt.csv", share=1.0, seed=1)

    report = pipeline.ingest("loyalty_activity", tmp_path / "spoilt.csv")

    torn = [fault for fault in truth if not fault.number]
    assert report.counts.quarantined == len(torn)
    assert {fault.kind for fault in truth} == {"schema", "domain", "reference"}
