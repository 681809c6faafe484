"""The floor: rows in and out, months, jobs that end, doorbells that are not lost, settings that say what is wrong."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from celery import current_app
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.utils import timezone

from iaros.lib import clock, config, copying, ids, jobs, outbox, partitions, staging
from iaros.lib.models import Job, JobState, Outbox
from iaros.lib.queues import Queue

BRIEF = """
intelligence:
  profile: {data_sources: 25, enrichment_accuracy_threshold: 0.995, processing_timeout: "1s"}
  segmentation: {max_segments: 500, ml_models: 50, confidence_threshold: 0.95}
  recommendations:
    algorithms: ["collaborative", "content_based", "hybrid", "deep_learning"]
    real_time_timeout: "500ms"
    cache_ttl: "1h"
  privacy: {gdpr_compliance: true, consent_required: true, data_retention_days: 2555}
"""


def test_copy__every_kind_of_column_comes_back_as_it_went(db):
    block = ids.uuid7_block(3)
    moments = np.array(["1899-12-31T23:59:59.999999", "2000-01-01", "2100-01-01"], dtype="datetime64[us]")
    columns = {
        "s": copying.smallints([-32768, 0, 32767]),
        "i": copying.nullable(copying.integers([1, 2, 3]), [True, False, True]),
        "b": copying.bigints([-(2**63), 0, 2**63 - 1]),
        "d": copying.doubles([0.1, -1e300, 5.0]),
        "o": copying.booleans([True, False, True]),
        "u": copying.uuids(block),
        "t": copying.timestamps(moments),
        "y": copying.dates(moments),
        "x": copying.texts(["Åse\n,\"'", None, ""]),
        "z": copying.blobs([b"\0\xff", None, b""]),
        "j": copying.jsonb([{"a": [1, None]}, None, "text"]),
        "l": copying.text_arrays([["a", ""], None, []]),
    }
    definition = """s smallint, i integer, b bigint, d float8, o boolean, u uuid, t timestamptz, y date, x text,
        z bytea, j jsonb, l text[]"""

    with connection.cursor() as cursor:
        staging.stage(cursor, "every_kind", definition, columns)
        cursor.execute("SELECT s, i, b, d, o, u, t, y, x, z, j::text, l FROM every_kind")
        rows = list(zip(*cursor.fetchall(), strict=True))

    assert rows[:6] == [
        (-32768, 0, 32767),
        (1, None, 3),
        (-(2**63), 0, 2**63 - 1),
        (0.1, -1e300, 5.0),
        (True, False, True),
        tuple(ids.as_uuids(block)),
    ]
    assert [t.replace(tzinfo=None) for t in rows[6]] == moments.tolist()
    assert rows[7] == (date(1899, 12, 31), date(2000, 1, 1), date(2100, 1, 1))
    assert rows[8] == ("Åse\n,\"'", None, "")
    assert [z and bytes(z) for z in rows[9]] == [b"\0\xff", None, b""]
    assert rows[10] == ('{"a": [1, null]}', None, '"text"')
    assert rows[11] == (["a", ""], None, [])


def test_copy__one_narrow_column_after_words__comes_back_as_it_went(db):
    columns = {"x": copying.texts(["a", "bc", "d"]), "o": copying.booleans([True, False, True])}

    with connection.cursor() as cursor:
        staging.stage(cursor, "narrow_last", "x text, o boolean", columns)
        cursor.execute("SELECT x, o FROM narrow_last")
        rows = cursor.fetchall()

    assert rows == [("a", True), ("bc", False), ("d", True)]


def test_copy__a_number_too_large_for_its_column__is_an_error_and_not_another_number():
    with pytest.raises(OverflowError, match="4 bytes"):
        copying.integers([2**31])


def test_ids__ascend_and_end_in_their_bucket():
    block = np.concatenate([ids.uuid7_block(100, at_ms=stamp) for stamp in (1000, 1001)])

    made = ids.as_uuids(block)

    assert len(set(made)) == 200
    assert max(made[:100]) < min(made[100:])
    assert {each.version for each in made} == {7}
    assert [ids.bucket_of(each) for each in made] == block[:, 15].tolist()


def test_months__are_made_once__each_by_itself(db):
    partitions.ensure_each("profiles_event", [date(1991, 5, 1), date(2098, 2, 1), date(1900, 1, 1)])
    partitions.ensure_months("profiles_event", date(1991, 5, 9), date(1991, 6, 1))

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname ~ '^profiles_event_(190|199|209)[0-9]{3}$'")
        made = sorted(name for (name,) in cursor.fetchall())
    assert made == ["profiles_event_199105", "profiles_event_199106", "profiles_event_209802"]


def test_job__runs_once__and_says_how_it_ended(db):
    job = jobs.start("refresh", {"as_of": "2026-10-31"})

    with jobs.running(job) as progress:
        progress(phase="golden", done=5, total=5)
        job.result = {"profiles": 5}

    job.refresh_from_db()
    assert (job.state, job.done, job.result) == (JobState.SUCCEEDED, 5, {"profiles": 5})
    with pytest.raises(jobs.AlreadyRunning), jobs.running(job):
        pass
    assert job.attempts == 1


def test_job__lost_and_taken_again__counts_its_attempts(db):
    job = jobs.start("refresh")
    Job.objects.filter(id=job.id).update(state=JobState.LOST, attempts=1)

    with jobs.running(job):
        pass

    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.SUCCEEDED, 2)


def test_job__cancelled_while_it_runs__stops_at_its_next_step(db):
    job = jobs.start("refresh")

    with jobs.running(job) as progress:
        jobs.cancel(Job.objects.get(id=job.id))
        progress(phase="golden", done=1, total=2)

    assert Job.objects.get(id=job.id).state == JobState.CANCELLED


def test_job__failed__says_why(db):
    job = jobs.start("refresh")

    with pytest.raises(ZeroDivisionError), jobs.running(job):
        raise ZeroDivisionError("no profiles")

    assert Job.objects.get(id=job.id).problem["detail"] == "no profiles"


def test_job__whose_worker_went_silent__is_lost_and_may_be_run_again(db):
    job = Job.objects.create(kind="refresh", state=JobState.RUNNING, heartbeat_at=timezone.now() - timedelta(hours=1))

    assert jobs.reap() == 1

    with jobs.running(Job.objects.get(id=job.id)):
        pass
    assert Job.objects.get(id=job.id).state == JobState.SUCCEEDED


def test_doorbell__broker_down__rings_again_until_answered(db, monkeypatch, django_capture_on_commit_callbacks):
    from celery import current_app

    rung: list[str] = []

    def send(*given: object, **more: object) -> None:
        rung.append("")
        raise ConnectionError("the broker is down")

    monkeypatch.setattr(current_app, "send_task", send)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        row = outbox.ring("profiles.tasks.refresh", queue=Queue.BATCH, as_of="2026-10-31")
    assert Outbox.objects.get().last_error == "the broker is down"
    assert outbox.sweep() == 0

    Outbox.objects.update(due_at=timezone.now())
    assert outbox.sweep() == 1
    assert len(rung) == 2

    outbox.answered(str(row.id))
    Outbox.objects.update(due_at=timezone.now())
    assert outbox.sweep() == 0


def test_settings__those_of_the_brief__are_accepted(tmp_path):
    (tmp_path / "c.yaml").write_text(BRIEF)

    chosen = config.load_intelligence(str(tmp_path / "c.yaml"))

    assert chosen.recommendations.real_time_timeout == 0.5
    assert chosen.recommendations.cache_ttl == 3600
    assert chosen.profile.data_sources == 25


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("max_segments: 500", "max_segment: 500|c.yaml:4: intelligence.segmentation.max_segment: unknown"),
        ("ml_models: 50", "ml_models: many|c.yaml:4: intelligence.segmentation.ml_models: is 'many'"),
        ('cache_ttl: "1h"', 'cache_ttl: "soon"|c.yaml:8: intelligence.recommendations.cache_ttl: is '),
        ("consent_required: true", "consent_required: false|c.yaml:9: intelligence.privacy.consent_required: is False"),
        (
            'real_time_timeout: "500ms"',
            'cache_ttl: "2h"|c.yaml:8: intelligence.recommendations.cache_ttl: stands',
        ),
    ],
)
def test_settings__each_error_names_line_and_key(tmp_path, wrong, said):
    instead, message = said.split("|")
    (tmp_path / "c.yaml").write_text(BRIEF.replace(wrong, instead))

    with pytest.raises(ImproperlyConfigured) as refused:
        config.load_intelligence(str(tmp_path / "c.yaml"))

    assert message in str(refused.value)


def test_clock__a_day_is_the_airlines_day(settings):
    settings.AIRLINE_TIME_ZONE = "Europe/Copenhagen"

    assert clock.parse_as_of("2026-07-31") == datetime(2026, 7, 31, 21, 59, 59, tzinfo=UTC)
    assert clock.airline_day(datetime(2026, 7, 31, 22, 30, tzinfo=UTC)) == date(2026, 8, 1)
    with pytest.raises(ValueError, match="expected a date"):
        clock.parse_as_of("31/07/2026")


def test_doorbell__is_rung_at_our_broker_from_any_thread() -> None:
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(current_app.conf.broker_url))
    thread.start()
    thread.join()

    assert found == [settings.CELERY_BROKER_URL]
