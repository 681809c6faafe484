"""Real exports of customer systems: each table goes to its source, and a table of settings to none."""

from __future__ import annotations

import csv
import json

import pytest

from profiles import pipeline
from profiles.models import QuarantinedRow
from profiles.sources import reading
from profiles.sources.catalogue import recognise
from tests.profiles.sources.conftest import PUBLIC, public

pytestmark = pytest.mark.public_data

# By table of the seeds: which source claims it. A table that is not named here is claimed by none, because
# it describes the vendor's own settings (brands, groups, pipelines, properties, schedules, surveys, teams),
# staff (users, owners), companies, deals, products and orders,
# how two tables hang together (a contact in a list, a ticket with a contact, a tag on a ticket),
# or it only adds details to a row of another table, without person and moment of its own (the answer of a mail
# server to an event, the words in a chat or a ticket, earlier values of a field).
CLAIMED = {
    "ga4_export/event_data": "ga4_export",
    "hubspot/contact_data": "hubspot",
    "hubspot/contact_form_submission_data": "hubspot_events",
    "hubspot/contact_merge_audit_data": "hubspot_merges",
    "hubspot/email_event_data": "hubspot_events",
    "klaviyo/event": "klaviyo_events",
    "klaviyo/person": "klaviyo_profiles",
    "qualtrics/core_contact": "qualtrics_contacts",
    "qualtrics/directory_contact": "qualtrics_contacts",
    "qualtrics/distribution_contact": "qualtrics_contacts",
    "qualtrics/survey_response": "qualtrics_responses",
    "salesforce/sf_contact_data": "salesforce_contacts",
    "salesforce/sf_contact_history_data": "salesforce_contacts",
    "salesforce/sf_lead_data": "salesforce_contacts",
    "zendesk/ticket_data": "zendesk_tickets",
    "zendesk/user_data": "zendesk_users",
}
TABLES = sorted(PUBLIC.glob("connector_seeds/*/*.csv"))
MESSAGES = sorted(PUBLIC.glob("segment_spec_events/*.json"))


def test_every_table__goes_to_its_source_or_to_none():
    public("connector_seeds")

    found = {path: recognise(reading.sample(path)) for path in TABLES}

    named = {f"{path.parent.name}/{path.stem}": source.name for path, source in found.items() if source}
    assert named == CLAIMED
    assert len(TABLES) == 117


@pytest.mark.parametrize("path", TABLES or [None], ids=lambda path: f"{path.parent.name}/{path.stem}" if path else "")
def test_a_table__every_row_is_accounted_for__and_known_again(db, path):
    public("connector_seeds")
    source = CLAIMED.get(f"{path.parent.name}/{path.stem}", "unrecognised")

    first, again = pipeline.ingest("auto", path), pipeline.ingest("auto", path)

    assert first.source == again.source == source
    assert first.counts.read == again.counts.read == (1 if source == "unrecognised" else _rows(path))
    assert (again.counts.new, again.counts.updated) == (0, 0)
    assert again.counts.unchanged == first.counts.new + first.counts.unchanged


def _rows(path) -> int:
    with path.open(newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


@pytest.mark.parametrize("path", MESSAGES or [None], ids=lambda path: path.stem if path else "")
def test_messages_of_the_specification__every_payload_is_accounted_for(db, path):
    public("segment_spec_events")

    report = pipeline.ingest("auto", path)

    assert report.source == "segment_events"
    assert report.counts.read == len(json.loads(path.read_text()))
    # What goes aside lacks what a collector adds: who sent it, or when.
    assert set(QuarantinedRow.objects.values_list("field", "reason")) <= {
        *(("userId", "missing"), ("timestamp", "missing")),
        ("native key", "superseded by a later row of the same file"),
    }


def test_a_real_hit_of_an_app__is_of_the_analytics_export(db, counts):
    path = public("messages_misc") / "ga4_bigquery_event.json"

    report = pipeline.ingest("auto", path)

    assert (report.source, counts(report)) == ("ga4_export", (1, 0, 0, 0))


def test_a_signed_delivery_with_its_keys__is_no_delivery(db, counts):
    path = public("messages_misc") / "sendgrid_signed_webhook.json"

    report = pipeline.ingest("auto", path)

    assert (report.source, counts(report)) == ("unrecognised", (0, 0, 0, 1))


def test_the_body_of_that_delivery__is_one(take_in, counts):
    body = json.loads((public("messages_misc") / "sendgrid_signed_webhook.json").read_text())["raw_body"]

    report = take_in("auto", body.encode())

    assert (report.source, counts(report)) == ("sendgrid_events", (1, 0, 0, 0))
