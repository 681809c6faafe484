"""Pages of segments: the grid of fifths, what becomes of a segment, and who may do what."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from uuid import UUID

import pytest

from iaros.lib.models import Job
from iaros.lib.purposes import Channel, Purpose
from iaros.web.reads import builder
from privacy.models import AuditEvent
from segmentation.features import standing
from segmentation.models import Destination, Segment
from segmentation.segments import membership, publishing
from tests.segmentation.population import AS_OF
from tests.web.test_rule_form import fields


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/segments/rfm/", 8),
        ("/segments/health/", 12),
        ("/segments/clusters/", 6),
        ("/segments/new/", 14),
        ("/segments/bag-buyers/overlap/", 16),
        ("/segments/bag-buyers/why/", 8),
    ],
)
def test_a_page_of_segments__stays_within_its_queries(signed_in, settled, path, queries, django_assert_max_num_queries):
    client = signed_in("analyst")

    with django_assert_max_num_queries(queries):
        response = client.get(path)

    assert response.status_code == 200


def _people(page: str) -> int:
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    return sum(int(one.replace(",", "")) for one in re.findall(r"<b>([\d,]+)</b>", body))


@pytest.mark.parametrize("by", ["frequency", "monetary", "both"])
def test_the_grid__holds_everybody_who_is_placed__whichever_way_it_is_cut(signed_in, settled, by):
    client = signed_in("analyst")
    placed = sum(Segment.objects.filter(kind="rfm").values_list("size", flat=True))

    whole = _people(client.get(f"/segments/rfm/?by={by}").content.decode())
    sliced = [_people(client.get(f"/segments/rfm/?by={by}&fifth={fifth}").content.decode()) for fifth in range(1, 6)]

    assert placed > 100
    assert whole == placed
    assert sum(sliced) == placed


def test_the_list__is_told_fifty_at_a_time__and_what_was_made_lately_is_new_and_not_grown(signed_in, settled):
    client = signed_in("analyst")

    first = client.get("/segments/").content.decode()
    second = client.get("/segments/?page=2").content.decode()
    cells = client.get("/segments/?kind=rfm").content.decode()

    assert first.count("data-row") == second.count("data-row") == 50
    assert "1 to 50 of" in first
    assert "Next 50" in first
    assert "Counted for the first time within 30 days" in first
    assert "of 125" in cells


def test_the_grid__of_values__is_an_estimate_and_says_so(signed_in, settled):
    page = signed_in("analyst").get("/segments/rfm/?show=value").content.decode()

    assert "<b>~€" in page
    assert "an estimate from 200 customers" in page


def test_the_file_of_the_grid__has_125_cells(signed_in, settled):
    standing.measure(standing.newest_run())

    file = b"".join(signed_in("analyst").get("/segments/rfm/?format=csv").streaming_content).decode().splitlines()

    assert len(file) == 126
    assert file[-1].startswith("555,Champions,")


def test_a_retired_cell__is_told_as_missing_not_as_empty(signed_in, settled):
    publishing.retire(Segment.objects.get(slug="rfm-111"))

    assert "1 cell retired: nobody is counted there" in signed_in("analyst").get("/segments/rfm/").content.decode()


def test_the_grid__before_the_first_refresh__says_what_fills_it(signed_in):
    Segment.objects.update(counted_at=None)

    assert "No cell was counted yet" in signed_in("analyst").get("/segments/rfm/").content.decode()


RULE = '{"all":[{"feature":"booking:count_730d","op":">=","value":2}]}'
WRONG = '{"all":[{"feature":"booking:nothing","op":">=","value":2}]}'
PART = {"hx-request": "true"}


def _form(rule: dict[str, Any], **more: str) -> dict[str, str]:
    return {**fields(builder.tree(rule, {})), **more}


def test_the_builder__shows_counts_reach_sentence_and_who_is_in(signed_in, settled):
    page = signed_in("analyst").get(f"/segments/new/?rule={RULE}&use=marketing&channel=email").content.decode()

    assert "Customers with at least 2 bookings in the last 730 days." in page
    assert "May be contacted" in page
    assert re.search(r"<b>\d+</b> match, [\d.]+% of the base", page)
    assert AuditEvent.objects.filter(action="read segment examples").count() == 1


def test_the_builder__without_a_purpose__counts_and_asks_for_one(signed_in, settled):
    page = signed_in("analyst").get(f"/segments/new/?rule={RULE}").content.decode()

    assert "Choose a purpose and a channel to see who can be reached" in page
    assert "May be contacted" not in page


def test_an_error__stands_beside_its_condition__and_nothing_is_counted(signed_in, settled):
    page = signed_in("analyst").get(f"/segments/new/?rule={WRONG}").content.decode()

    assert "there is no feature &#x27;booking:nothing&#x27;" in page
    assert "The rule is not complete" in page


def test_a_feature_in_the_address__begins_a_rule(signed_in, settled):
    page = signed_in("analyst").get("/segments/new/?feature=web:views_7d").content.decode()

    assert 'name="n-0.name" value="web:views_7d"' in page


def test_a_broken_address__begins_blank_and_says_so(signed_in):
    page = signed_in("analyst").get("/segments/new/?rule=nonsense").content.decode()

    assert "A blank one stands here instead" in page


def test_a_condition_added_and_taken_back__without_script(signed_in, settled):
    client, rule = signed_in("analyst"), json.loads(RULE)

    added = client.post("/segments/new/", _form(rule, act="add n")).content.decode()
    before = html.unescape(re.findall(r'name="before" value="([^"]+)"', added)[0])
    undone = client.post("/segments/new/", {**_form(rule, act="undo"), "before": before}).content.decode()

    assert 'name="n-1.kind"' in added
    assert json.loads(before) == rule
    assert 'name="n-1.kind"' not in undone


@pytest.mark.parametrize("act", ["publish", "save", "drop n-0", "exact"])
def test_a_count_by_itself__while_a_button_has_the_focus__presses_nothing(signed_in, settled, act):
    client, headers = signed_in("analyst"), {**PART, "hx-target": "reach"}
    sent = _form(json.loads(RULE), name="Nobody pressed", use="marketing", channel="email", act=act)

    part = client.post("/segments/new/", sent, headers=headers)

    assert re.search(r"<b>\d+</b> match", part.content.decode())
    assert not Segment.objects.filter(name="Nobody pressed").exists()


def test_counts__come_as_a_part__with_the_address_that_leads_back(signed_in, settled):
    client, headers = signed_in("analyst"), {**PART, "hx-target": "reach"}

    part = client.post("/segments/new/", _form(json.loads(RULE), use="marketing", channel="email"), headers=headers)

    assert "<h1>" not in part.content.decode()
    assert 'id="n-0-told" hx-swap-oob="true"' in part.content.decode()
    assert "booking%3Acount_730d" in part["HX-Replace-Url"]


def test_publishing__writes_version_one_of_a_segment_with_its_purpose(signed_in, settled):
    said = {"name": "Two and more", "use": "marketing", "channel": "email", "holdout": "5", "act": "publish"}

    response = signed_in("analyst").post("/segments/new/", _form(json.loads(RULE), **said))

    segment = Segment.objects.get(slug="two-and-more")
    assert response["Location"] == "/segments/two-and-more/"
    assert (segment.status, segment.purpose, segment.channel, segment.holdout_percent) == (
        "published",
        "marketing",
        "email",
        5,
    )
    assert segment.versions.get().rule == json.loads(RULE)
    assert AuditEvent.objects.get(action="publish segment").details == {"segment": "two-and-more", "version": 1}


def test_a_name_that_is_an_address_of_a_page__gets_another_one(signed_in, settled):
    said = {"name": "Health", "use": "marketing", "channel": "email", "act": "save"}

    response = signed_in("analyst").post("/segments/new/", _form(json.loads(RULE), **said))

    assert response["Location"] == "/segments/health-segment/"


@pytest.mark.parametrize("lacking", ["name", "use", "channel"])
def test_without_name_purpose_or_channel__nothing_is_saved(signed_in, settled, lacking):
    said = {"name": "Mine", "use": "marketing", "channel": "email", "act": "save"}

    response = signed_in("analyst").post("/segments/new/", _form(json.loads(RULE), **{**said, lacking: ""}))

    assert response.status_code == 422
    assert not Segment.objects.filter(name="Mine").exists()


def test_a_rule_that_is_wrong__is_not_saved__and_stays_on_the_page(signed_in, settled):
    said = {"name": "Mine", "use": "marketing", "channel": "email", "act": "save"}

    response = signed_in("analyst").post("/segments/new/", _form(json.loads(WRONG), **said))

    assert response.status_code == 422
    assert 'value="booking:nothing"' in response.content.decode()
    assert not Segment.objects.filter(name="Mine").exists()


@pytest.fixture
def own(settled: list[UUID], db: None) -> Segment:
    """A published segment of the airline's own."""
    purpose, channel = Purpose.MARKETING, Channel.EMAIL
    segment = publishing.draft(name="Own", rule=json.loads(RULE), purpose=purpose, channel=channel)
    return publishing.publish(segment)


def test_another_rule__is_the_next_version__the_purpose_stays(signed_in, own):
    rule = {"all": [{"feature": "booking:count_730d", "op": ">=", "value": 3}]}

    signed_in("analyst").post("/segments/own/edit/", _form(rule, act="save", use="sharing"))

    own.refresh_from_db()
    assert [one.number for one in own.versions.order_by("number")] == [1, 2]
    assert own.purpose == "marketing"


def test_a_segment_of_the_platform__is_copied_not_edited(signed_in, settled):
    response = signed_in("analyst").get("/segments/bag-buyers/edit/")

    assert response["Location"].startswith("/segments/new/?rule=")


def test_the_builder__is_for_those_who_may(signed_in, own):
    scientist = signed_in("data_scientist")

    assert scientist.get("/segments/new/").status_code == 403
    assert scientist.get("/segments/own/edit/").status_code == 403
    assert scientist.post("/segments/health/retire/", {"slug": "own", "reason": "x"}).status_code == 403


def test_counting_exactly__is_a_job_that_can_be_stopped(signed_in, settled):
    client = signed_in("analyst")

    part = client.post(
        "/segments/new/", _form(json.loads(RULE), act="exact"), headers={**PART, "hx-target": "exact"}
    ).content.decode()
    job = Job.objects.get(kind="segment.count")
    stopped = client.post(f"/segments/counts/{job.id}/").content.decode()

    assert "Counting everybody" in part
    assert "The count ended as cancelled" in stopped
    assert signed_in("analyst").get(f"/segments/counts/{job.id}/").status_code == 404


def test_retired_and_undone__with_a_reason_in_the_audit_log(signed_in, own):
    client = signed_in("analyst")

    board = client.post("/segments/health/retire/", {"slug": "own", "reason": "no use"}, follow=True).content.decode()
    own.refresh_from_db()
    status = own.status
    client.post("/segments/health/restore/", {"slug": "own", "reason": "undone"})
    own.refresh_from_db()

    assert "1 segment retired just now" in board
    assert (status, own.status) == ("retired", "published")
    assert AuditEvent.objects.get(action="retire segments").reason == "no use"


def test_retiring__needs_a_reason__and_nobody_who_names_it(signed_in, own):
    client = signed_in("analyst")
    publishing.draft(
        name="Other",
        rule={"all": [{"segment": "own", "op": "in"}]},
        purpose=Purpose.MARKETING,
        channel=Channel.EMAIL,
    )

    without = client.post("/segments/health/retire/", {"slug": "own"}, follow=True).content.decode()
    named = client.post("/segments/health/retire/", {"slug": "own", "reason": "old"}, follow=True).content.decode()

    own.refresh_from_db()
    assert "say which segments, and why" in without
    assert "Nothing was retired" in named
    assert own.status == "published"


def test_all_dead_ones__are_retired_together(signed_in, settled):
    client = signed_in("analyst")
    dead = Segment.objects.published().filter(size=0).count()

    client.post("/segments/health/retire/", {"all": "dead", "reason": "empty"})

    assert dead > 100
    assert Segment.objects.filter(status="retired").count() == dead


def test_the_board__tells_state_and_reason__and_filters(signed_in, settled):
    client = signed_in("analyst")

    dead = client.get("/segments/health/?state=dead").content.decode()
    file = b"".join(client.get("/segments/health/?format=csv&state=dying").streaming_content).decode()

    assert "nobody is in it" in dead
    assert "fewer than 15" in file
    assert ",active," not in file


def test_the_page_of_a_segment__tells_versions_users_and_size(signed_in, own):
    publishing.reword(own, {"all": [{"feature": "booking:count_730d", "op": ">=", "value": 3}]})
    membership.refresh(AS_OF)

    page = signed_in("analyst").get("/segments/own/").content.decode()
    file = b"".join(signed_in("analyst").get("/segments/own/?format=csv&table=size").streaming_content).decode()

    assert "at least 3 bookings" in page
    assert "Bring back" in page
    assert "No segment names it" in page
    assert len(file.splitlines()) == 91


def test_overlap__counts_each_combination_once(signed_in, settled):
    client, path = signed_in("analyst"), "/segments/value-top-value/overlap/"

    part = client.get(f"{path}?with=lifecycle-active").content.decode()
    file = b"".join(client.get(f"{path}?with=lifecycle-active&format=csv").streaming_content).decode().splitlines()

    assert "People in exactly these" in part
    either = sum(int(line.rsplit(",", 1)[1]) for line in file[1:])
    sizes = dict(Segment.objects.filter(slug__in=["value-top-value", "lifecycle-active"]).values_list("slug", "size"))
    both = next((int(line.rsplit(",", 1)[1]) for line in file[1:] if ";" in line), 0)
    assert either == sum(sizes.values()) - both


def test_why__names_each_condition__and_is_written_down(signed_in, own, settled):
    page = signed_in("analyst").get(f"/segments/own/why/?customer={settled[0]}").content.decode()

    assert "at least 2 bookings in the last 730 days" in page
    assert AuditEvent.objects.filter(action="read segment reasons", ids=[settled[0]]).exists()


@pytest.mark.parametrize("asked", ["nobody", "00000000-0000-7000-8000-000000000000"])
def test_why__of_nobody__says_so(signed_in, own, asked):
    page = signed_in("analyst").get(f"/segments/own/why/?customer={asked}").content.decode()

    assert "This is no customer" in page or "There is nobody with this id" in page


def test_why__against_the_purpose__is_refused(signed_in, own, settled):
    page = signed_in("analyst").get(f"/segments/own/why/?customer={settled[0]}&purpose=marketing").content.decode()

    assert "Not for this purpose" in page


def test_members__are_sent_to_a_destination_by_those_who_may_export(signed_in, own):
    membership.refresh(AS_OF)
    destination = Destination.objects.create(slug="files", name="Files", kind="file")
    assert signed_in("data_scientist").post("/segments/own/activate/", {"destination": "files"}).status_code == 403

    response = signed_in("analyst").post("/segments/own/activate/", {"destination": "files"})
    page = signed_in("analyst").get("/segments/own/").content.decode()

    job = Job.objects.get(kind="segment.activate")
    assert response["Location"] == f"/jobs/{job.id}/"
    assert own.activations.get().destination == destination
    assert "not ended" in page
    assert AuditEvent.objects.filter(action="activate segment").exists()


def test_a_count_that_takes_too_long__is_stopped_and_says_what_to_do(signed_in, settled, monkeypatch):
    monkeypatch.setattr("iaros.web.views.builder.COUNT_SECONDS", 0.001)

    response = signed_in("analyst").get(f"/segments/new/?rule={RULE}")

    assert response.status_code == 200
    assert "Counting took longer than 2 s and was stopped" in response.content.decode()
    assert 'value="booking:count_730d"' in response.content.decode()
