"""Every feed of the demo airline is what its source says it is, and goes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from iaros.demo.world import build
from iaros.demo.write import FILES, write
from iaros.management.commands.load_demo import ORDER
from privacy.models import ConsentState
from profiles import pipeline
from profiles.models import Customer, Event, EventKind
from profiles.sources import reading
from profiles.sources.catalogue import CONNECTORS, recognise
from tests import world as people

# From here on everybody is known by membership or booking.
FIRST = ORDER.index("competitor_fares") + 1


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write(build(900), tmp_path_factory.mktemp("feeds"))


def test_every_source__has_a_feed_and_its_turn():
    assert set(ORDER) == set(FILES) <= set(CONNECTORS)


def test_every_feed__is_recognised_as_its_source(files):
    found = {source: recognise(reading.sample(path)) for source, path in files.items()}

    assert {source: known.name if known else None for source, known in found.items()} == {s: s for s in files}


def test_feeds__go_in_once__and_find_the_people_of_the_airline(db, files):
    reports = {source: pipeline.ingest(source, files[source]) for source in ORDER[:FIRST]}
    airline = Customer.objects.living().count()
    reports |= {source: pipeline.ingest(source, files[source]) for source in ORDER[FIRST:]}
    again = {source: pipeline.ingest(source, files[source]) for source in ORDER[FIRST:]}
    pipeline.refresh(as_of=people.AS_OF)

    assert not [source for source, report in reports.items() if not report.counts.new]
    assert not [source for source, report in again.items() if report.counts.new or report.counts.updated]
    # Who is in a customer system is a member: none of these feeds makes anybody up.
    assert Customer.objects.living().count() <= airline
    told = set(Event.objects.exclude(customer_id=None).values_list("kind", flat=True))
    assert told >= {
        *(EventKind.MESSAGE_SENT, EventKind.MESSAGE_OPENED, EventKind.MESSAGE_CLICKED, EventKind.SERVICE_CONTACT),
        *(EventKind.SURVEY_ANSWERED, EventKind.WEB_VIEWED, EventKind.WEB_SEARCHED, EventKind.APP_OPENED),
    }
    assert ConsentState.objects.filter(channel="web").exists()
