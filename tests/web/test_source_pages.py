"""Sources by page: load, try, take back, mend, read what was sent; each for those whose right it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from iaros.lib.models import Job
from iaros.web.reads.sources import source_lines
from privacy.models import AuditEvent
from profiles import deliveries, pipeline, raw_records
from profiles.ingest import mappings
from profiles.models import Delivery, IngestRun, LoyaltyActivity, QuarantinedRow, SourceRecord
from profiles.raw_records import Piece
from profiles.sources.catalogue import CONNECTORS
from tests import world as people

ACTIVITY = [people.month("7", 1, points=10), people.month("8", 13)]


@pytest.fixture
def activity(tmp_path: Path) -> bytes:
    return people.activity_file(tmp_path / "activity.csv", ACTIVITY).read_bytes()


@pytest.fixture
def steward(signed_in: Any) -> Client:
    return signed_in("data_steward")


@pytest.fixture
def taken(take_in: Any) -> pipeline.IngestReport:
    take_in("loyalty_members", [people.member("7", "Ann", "Ek", Email="ann@example.org", Email_Verified="Y")])
    take_in("loyalty_activity", ACTIVITY)
    return take_in("loyalty_activity", [people.month("7", 1, points=15)], "second")


def send(client: Client, content: bytes, act: str) -> Any:
    file = SimpleUploadedFile("may.csv", content)
    return client.post("/sources/upload/", {"source": "loyalty_activity", "act": act, "file": file})


def work(answer: Any) -> Job:
    """What the worker would do with the job that the answer leads to."""
    job = Job.objects.get(id=answer["Location"].rstrip("/").rsplit("/", 1)[-1])
    deliveries.take(job)
    job.refresh_from_db()
    return job


def test_a_file_is_tried__looked_at__and_then_taken_in(steward, activity):
    tried = send(steward, activity, "try")
    job = work(tried)

    page = steward.get(f"/sources/trials/{job.id}/").content.decode()
    assert "Dry run, nothing written" in page
    assert "Month" in page
    assert not LoyaltyActivity.objects.exists()

    work(steward.post(f"/sources/trials/{job.id}/take-in/"))

    assert LoyaltyActivity.objects.count() == 1
    assert Delivery.objects.get().state == "taken"


def test_a_file_is_taken_in_at_once(steward, activity):
    job = work(send(steward, activity, "take"))

    assert job.result["new"] == 1


def test_a_row_that_a_later_one_overtook__waits_and_is_no_rejected_one(take_in):
    take_in("loyalty_members", [people.member("7", "Ann", "Ek", Email="ann@example.org", Email_Verified="Y")])
    told_twice = [people.month("7", 1, points=10), people.month("7", 1, points=20)]
    take_in("loyalty_activity", [*told_twice, people.month("7", 13)])

    [line] = [line for line in source_lines() if line.name == "loyalty_activity"]

    assert (line.waiting, line.rejected, line.rows) == (2, 1, 3)


@pytest.mark.parametrize(("content", "says"), [(b"", "empty"), (None, "Choose a file")])
def test_nothing_to_load__is_said(steward, content, says):
    file = {"file": SimpleUploadedFile("may.csv", content)} if content is not None else {}

    answer = steward.post("/sources/upload/", {"source": "loyalty_activity", **file})

    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_a_run__shows_its_difference__and_is_taken_back(steward, taken):
    page = steward.get(f"/sources/runs/{taken.run_id}/").content.decode()
    assert "loyaltyactivity.points_earned" in page

    answer = steward.post(f"/sources/runs/{taken.run_id}/roll-back/")

    job = Job.objects.get(kind="rollback")
    assert answer["Location"] == f"/jobs/{job.id}/"
    pipeline.roll_back(job.params["run"], by=job.owner)
    assert "Taken back" in steward.get(f"/sources/runs/{taken.run_id}/").content.decode()
    assert IngestRun.objects.get(id=taken.run_id).state == "rolled_back"


def test_a_waiting_row__is_read_mended_and_taken_in_again(steward, taken):
    row = QuarantinedRow.objects.get()
    page = steward.get(f"/sources/rows/{row.id}/?purpose=servicing").content.decode()
    assert "8,2026,13" in page

    wrong = steward.post(f"/sources/rows/{row.id}/", {"text": page_text(page).replace(",13,", ",14,")})
    right = steward.post(f"/sources/rows/{row.id}/", {"text": page_text(page).replace(",13,", ",12,")})
    steward.post("/sources/loyalty_activity/replay/", {"row": str(row.id)})

    assert (wrong.status_code, "Not saved" in wrong.content.decode(), right.status_code) == (422, True, 302)
    pipeline.replay(rows=[row.id], job=Job.objects.get(kind="replay"))
    assert not QuarantinedRow.objects.exists()
    read = AuditEvent.objects.filter(action="read quarantined row", purpose="servicing").get()
    assert read.details == {"row": str(row.id)}


def page_text(page: str) -> str:
    return page.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>", 1)[0]


def test_a_waiting_row__is_let_go_with_a_reason(steward, taken):
    row = QuarantinedRow.objects.get()

    steward.post(f"/sources/rows/{row.id}/discard/", {"reason": ""})
    assert QuarantinedRow.objects.exists()
    steward.post(f"/sources/rows/{row.id}/discard/", {"reason": "a test row"})

    assert not QuarantinedRow.objects.exists()
    assert AuditEvent.objects.get(action="discarded quarantined rows").reason == "a test row"


def test_rows_of_a_source__are_mended_by_a_rule(steward, taken):
    reason = QuarantinedRow.objects.get().reason
    asked = {"reason": reason, "field": "Month", "was": "13", "becomes": "11"}

    page = steward.post("/sources/loyalty_activity/mend/", asked, follow=True).content.decode()

    assert "1 rows mended" in page
    assert pipeline.replay(source="loyalty_activity")[0].counts.new == 1


def test_what_was_sent__is_shown_with_what_was_read_marked__and_it_is_written_down(steward, taken):
    member = SourceRecord.objects.filter(cipher__isnull=False).first()

    page = steward.get(f"/sources/records/{member.id}/?purpose=servicing").content.decode()

    assert '<mark title="Given name">Ann</mark>' in page
    assert '<mark title="Email">ann@example.org</mark>' in page
    [read] = AuditEvent.objects.filter(action="read raw record", purpose="servicing")
    assert read.ids == [people.customer("7")]


def test_what_was_sent__is_not_shown_for_a_purpose_that_was_not_agreed_to(steward, taken):
    member = SourceRecord.objects.filter(cipher__isnull=False).first()

    assert steward.get(f"/sources/records/{member.id}/?purpose=marketing").status_code == 404
    assert not AuditEvent.objects.filter(action="read raw record").exists()


def test_marks__go_to_the_longest_value_first__and_to_each_place_once():
    pieces = raw_records.pieces_of("Ann,Annesen,7", [("given", "Ann"), ("surname", "Annesen"), ("key", "7")])

    assert pieces == [Piece("Ann", "given"), Piece(","), Piece("Annesen", "surname"), Piece(",7")]


def test_columns_of_a_template__are_tried_on_a_file_and_saved(steward):
    name = next(name for name, connector in CONNECTORS.items() if connector.mapped)
    ours = next(field.name for field in CONNECTORS[name].fields if field.required)
    sample = SimpleUploadedFile("ours.csv", b"Unser Feld\n1\n")

    tried = steward.post(f"/sources/{name}/mapping/", {f"column:{ours}": "Unser Feld", "act": "try", "file": sample})
    saved = steward.post(f"/sources/{name}/mapping/", {f"column:{ours}": "Unser Feld", "act": "save"})

    assert tried.status_code == 200
    assert saved.status_code == 302
    assert mappings.current(name).columns == {"Unser Feld": ours}
    assert 'value="Unser Feld"' in steward.get(f"/sources/{name}/mapping/").content.decode()


@pytest.mark.parametrize(("name", "leads_there"), [("call_centre", True), ("pnrgov", False)])
def test_page_of_a_source__leads_to_its_columns_where_it_has_some(steward, name, leads_there):
    page = steward.get(f"/sources/{name}/").content.decode()

    assert (f'href="/sources/{name}/mapping/' in page) is leads_there


@pytest.mark.parametrize("path", ["/sources/exchange_rates/mapping/", "/sources/nothing/mapping/"])
def test_columns_of_a_feed_with_a_format_of_its_own__are_not_mapped(steward, path, monkeypatch):
    monkeypatch.setitem(CONNECTORS, "exchange_rates", replace(CONNECTORS["exchange_rates"], mapped=None))

    assert steward.get(path).status_code == 404


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("analyst", "/sources/upload/", 403),
        ("operator", "/sources/upload/", 200),
        ("operator", "/sources/records/00000000-0000-0000-0000-000000000000/", 403),
        ("data_steward", "/sources/records/00000000-0000-0000-0000-000000000000/", 404),
        ("operator", "/sources/rows/00000000-0000-0000-0000-000000000000/", 403),
        ("data_steward", "/sources/rows/00000000-0000-0000-0000-000000000000/", 404),
        ("data_steward", "/sources/trials/00000000-0000-0000-0000-000000000000/", 404),
    ],
)
def test_pages_of_sources__are_for_those_whose_right_it_is(signed_in, role, path, status):
    assert signed_in(role).get(path).status_code == status


@pytest.mark.parametrize("path", ["runs/{run}/roll-back/", "loyalty_activity/replay/", "loyalty_activity/mend/"])
def test_acts_on_sources__are_refused_to_those_who_only_look(signed_in, taken, path):
    assert signed_in("analyst").post(f"/sources/{path.format(run=taken.run_id)}").status_code == 403


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/sources/loyalty_activity/", 15),
        ("/sources/etickets/mapping/", 5),
        ("/sources/upload/", 5),
        ("/sources/runs/{run}/", 26),
    ],
)
def test_a_page_of_sources__stays_within_its_queries(steward, taken, path, queries, django_assert_max_num_queries):
    with django_assert_max_num_queries(queries):
        assert steward.get(path.format(run=taken.run_id)).status_code == 200
