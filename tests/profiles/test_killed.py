"""A process that is killed in the middle of a file, by a signal nobody can catch: the same file again, exactly once."""

from __future__ import annotations

import signal

import pytest

from profiles import pipeline
from profiles.models import Customer, Event, IngestRun, LoyaltyActivity, QuarantinedRow, RunState, SourceRecord
from tests import world as people
from tests.profiles import children

ROWS, CHUNK = 90, 20
# Kills its own process when the stage is entered for the given time, before or after it has done its work.
_CHILD = """
import importlib, os, signal, sys
from pathlib import Path
from profiles import pipeline
from profiles.sources import reading

module, name, nth, when, path = sys.argv[1:]
stage, entered = importlib.import_module(module), 0
act = getattr(stage, name)

def deadly(*given, **named):
    global entered
    entered += 1
    last = entered == int(nth)
    if last and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    done = act(*given, **named)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)
    return done

setattr(stage, name, deadly)
reading.LINES_A_CHUNK = 20
pipeline.ingest("loyalty_activity", Path(path))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("module", "stage", "nth", "when", "landed"),
    [
        ("profiles.ingest.landing", "land", 1, "after", 0),
        ("profiles.events.facts", "write", 3, "after", 2 * CHUNK),
        ("profiles.golden.assemble", "assemble", 4, "before", 3 * CHUNK),
        ("profiles.ingest.runs", "advance", 2, "before", 2 * CHUNK),
        ("profiles.ingest.runs", "finish", 1, "before", ROWS),
    ],
)
def test_killed__the_same_file_again__everything_stands_once(tmp_path, module, stage, nth, when, landed):
    rows = [people.month(str(700_000 + n), 1, points=n) for n in range(ROWS)]
    path = people.activity_file(tmp_path / "activity.csv", [*rows, people.month("1", 13)])

    killed = children.run(_CHILD, module, stage, str(nth), when, path)
    between = SourceRecord.objects.count()
    again = pipeline.ingest("loyalty_activity", path)
    third = pipeline.ingest("loyalty_activity", path)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert between == landed
    counts = again.counts
    assert (counts.read, counts.new, counts.unchanged, counts.quarantined) == (ROWS + 1, ROWS - landed, landed, 1)
    assert (third.counts.new, third.counts.unchanged, third.counts.quarantined) == (0, ROWS, 1)
    assert SourceRecord.objects.count() == LoyaltyActivity.objects.count() == Customer.objects.count() == ROWS
    assert sorted(LoyaltyActivity.objects.values_list("points_earned", flat=True)) == list(range(ROWS))
    assert Event.objects.filter(customer_id=None).count() == 0
    assert QuarantinedRow.objects.count() == 1
    assert IngestRun.objects.filter(state=RunState.DONE).count() == 2
