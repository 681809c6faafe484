"""The contract of a file: every row is counted once, whatever comes before it, after it, or in between."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from profiles import pipeline
from profiles.ingest import landing
from profiles.models import (
    Event,
    FareObservation,
    IngestRun,
    Link,
    LoyaltyActivity,
    Profile,
    QuarantinedRow,
    RunState,
    SourceRecord,
)
from profiles.sources import reading
from profiles.sources.catalogue import CONNECTORS
from tests import world as people


def state() -> dict[str, Any]:
    """What a run leaves behind, without the ids and times it makes up."""
    return {
        "records": SourceRecord.objects.filter(superseded_at=None).count(),
        "links": Link.objects.filter(ended_at=None).count(),
        "profiles": sorted(Profile.objects.values_list("country", "tier", "records")),
        "facts": sorted(LoyaltyActivity.objects.values_list("month", "points_earned")),
        "events": sorted(Event.objects.values_list("kind", "occurred_at", "quantity")),
        "waiting": sorted(QuarantinedRow.objects.values_list("row", "field")),
    }


@pytest.mark.parametrize("chunk", [10_000, 2])
def test_key_seen_again__identical_is_unchanged__different_is_superseded_by_the_last(
    take_in, counts, monkeypatch, chunk
):
    monkeypatch.setattr(reading, "LINES_A_CHUNK", chunk)
    rows = [
        people.month("7", 1, points=10),
        people.month("8", 1, points=20),
        people.month("7", 1, points=30),
        people.month("8", 1, points=20),
        people.month("9", 1, points=20),
        people.month("7", 1, points=40),
    ]

    report = take_in("loyalty_activity", rows)

    assert counts(report) == (3, 0, 1, 2)
    assert sorted(LoyaltyActivity.objects.values_list("points_earned", flat=True)) == [20, 20, 40]
    assert list(QuarantinedRow.objects.order_by("row").values_list("row", "expected")) == [
        (2, "one row a key; row 7 stands"),
        (4, "one row a key; row 7 stands"),
    ]


def test_changed_row__replaces_what_was_told__and_the_profile_follows(take_in, counts, customer):
    take_in("loyalty_members", [people.member("7", "Ann", "Ek", Country="DK", Loyalty_Card="Silver")])
    take_in("loyalty_activity", [people.month("7", 1, points=10)])

    member = take_in("loyalty_members", [people.member("7", "Ann", "Ek", Country="SE")], "later")
    activity = take_in("loyalty_activity", [people.month("7", 1, points=15)], "later")

    assert counts(member) == counts(activity) == (0, 1, 0, 0)
    assert SourceRecord.objects.filter(superseded_at=None).count() == 2
    assert Link.objects.filter(ended_at=None, customer_id=customer("7")).count() == 2
    assert LoyaltyActivity.objects.get().points_earned == 15
    assert Event.objects.get().quantity == 15
    profile = Profile.objects.get()
    assert (profile.country, profile.tier, profile.records) == ("SE", None, 1)


def test_a_feed_declared_to_tell_no_facts__that_tells_some__is_refused(take_in, monkeypatch):
    quiet = replace(CONNECTORS["loyalty_activity"], tells_facts=False)
    monkeypatch.setitem(CONNECTORS, "loyalty_activity", quiet)

    with pytest.raises(ValueError, match="loyalty_activity is declared to tell no facts, and tells loyalty_activity"):
        take_in("loyalty_activity", [people.month("7", 1, points=10)])

    assert not SourceRecord.objects.exists()


def test_a_row_that_waited__waits_no_more_once_it_goes_in(take_in, counts):
    take_in("loyalty_activity", [people.month("7", 1, points=10), people.month("7", 1, points=15)])
    assert QuarantinedRow.objects.count() == 1

    report = take_in("loyalty_activity", [people.month("7", 1, points=10)], "later")

    assert counts(report) == (0, 1, 0, 0)
    assert not QuarantinedRow.objects.exists()


class PulledPlug(BaseException):
    """Somebody pulled the plug."""


@pytest.mark.parametrize("after", [0, 1, 3])
def test_killed_in_the_middle__run_again__equals_one_run(take_in, counts, monkeypatch, after):
    monkeypatch.setattr(reading, "LINES_A_CHUNK", 3)
    rows = [people.month(str(n % 5), n // 5 + 1, points=10 * n + 1) for n in range(14)] + [people.month("x", 13)]
    real, calls = landing.land, []

    def land(*given: Any) -> Any:
        calls.append(1)
        landed = real(*given)
        if len(calls) > after:
            raise PulledPlug
        return landed

    monkeypatch.setattr(landing, "land", land)
    with pytest.raises(PulledPlug):
        take_in("loyalty_activity", rows)
    monkeypatch.setattr(landing, "land", real)

    report = take_in("loyalty_activity", rows)

    assert counts(report) == (14 - 3 * after, 0, 3 * after, 1)
    assert state()["facts"] == sorted(LoyaltyActivity.objects.values_list("month", "points_earned"))
    assert len(state()["facts"]) == 14
    assert len(state()["events"]) == 14
    assert sorted(IngestRun.objects.values_list("state", flat=True)) == [RunState.DONE, RunState.FAILED]


def lines_of(seed: int, length: int) -> list[bytes]:
    """Rows of few keys, some told again, some told otherwise, some broken."""
    rng = random.Random(seed)
    broken = [b"x", b",2026,1,1,1", b"7,2026,13,1,1", b"7,2026,1,-1,1", b'7,"2026,1,1,1', b"7,0,1,1,1", b"\xff\xfe"]
    return [
        rng.choice(broken) if rng.random() < 0.2
        else b"%d,2026,%d,1,%d" % (rng.randint(1, 4), rng.randint(1, 3), rng.randint(1, 2))
        for _ in range(length)
    ]  # fmt: skip


@given(seed=st.integers(0, 10**6), length=st.integers(1, 40), chunk=st.integers(1, 12))
@settings(
    max_examples=8, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_any_rows__every_one_is_counted_once__and_the_last_of_a_key_stands(db, tmp_path, seed, length, chunk):
    lines = lines_of(seed, length)
    path = tmp_path / f"{seed}-{length}-{chunk}.csv"
    path.write_bytes(b"Loyalty Number,Year,Month,Total Flights,Points Accumulated\n" + b"\n".join(lines) + b"\n")
    with connection.cursor() as cursor, pytest.MonkeyPatch.context() as patch:
        cursor.execute("TRUNCATE profiles_sourcerecord, profiles_link, profiles_loyaltyactivity, profiles_event")
        patch.setattr(reading, "LINES_A_CHUNK", chunk)

        first = pipeline.ingest("loyalty_activity", path).counts
        again = pipeline.ingest("loyalty_activity", path).counts

    # A quote that never closes may take the row after it along.
    assert sum(b'"' not in line for line in lines) - sum(b'"' in line for line in lines) <= first.read <= length
    assert first.new + first.updated + first.unchanged + first.quarantined == first.read == again.read
    assert (again.new, again.updated, again.quarantined) == (0, 0, first.quarantined)
    assert LoyaltyActivity.objects.count() == first.new
    run = IngestRun.objects.order_by("-started_at").first()
    assert (run.read, run.quarantined) == (again.read, again.quarantined)


def test_progress__says_how_many_of_how_many(tmp_path, db, monkeypatch):
    monkeypatch.setattr(reading, "LINES_A_CHUNK", 2)
    path = people.activity_file(tmp_path / "a.csv", [people.month("7", n) for n in range(1, 6)])
    told: list[tuple[int, int]] = []

    def progress(*, phase: str, done: int, total: int) -> None:
        told.append((done, total))

    pipeline.ingest("loyalty_activity", path, progress=progress)

    assert told == [(2, 5), (4, 5), (5, 5)]


def test_fares__land_without_anybody(take_in, counts):
    report = take_in("competitor_fares", [people.fare("89.00"), people.fare("89.00"), people.fare("91.00")])

    assert counts(report) == (1, 0, 0, 2)
    assert FareObservation.objects.get().price_minor == 9100
    assert not SourceRecord.objects.exists()
