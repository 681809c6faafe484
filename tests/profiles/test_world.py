"""The world of Alice, Bob and Carol, told a second time."""

from __future__ import annotations

from profiles import pipeline
from profiles.models import Event, Link, Profile, SourceRecord


def held() -> list[int]:
    return [model.objects.count() for model in (SourceRecord, Link, Profile, Event)]


def test_second_run__says_all_unchanged_or_quarantined(world, db, counts):
    before = held()

    again = {source: pipeline.ingest(source, path) for source, path in world.files.items()}

    assert {source: counts(report)[:2] for source, report in again.items()} == dict.fromkeys(again, (0, 0))
    assert {s: r.counts.read for s, r in again.items()} == {s: r.counts.read for s, r in world.reports.items()}
    assert held() == before
