"""What each page shows, to whom, at what cost in queries, and under which rules of the browser."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from privacy import audit, subjects

SERVICING = "?purpose=servicing"


def _csp(response) -> dict[str, str]:
    policy = response["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())


def test_somebody_not_signed_in__is_asked_to_sign_in(db):
    response = Client().get("/customers/")

    assert response.status_code == 302
    assert response["Location"] == "/sign-in/?next=/customers/"


def test_pages__forbid_everything_inline_and_from_elsewhere(db):
    policy = _csp(Client().get("/sign-in/"))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


def test_the_administration__may_style_inline__and_still_not_script(db):
    policy = _csp(Client().get("/admin/login/"))

    assert "'unsafe-inline'" in policy["style-src"]
    assert policy["script-src"] == "'self'"


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/", 30),
        ("/customers/", 8),
        ("/segments/", 6),
        ("/segments/test-segment/", 16),
        ("/models/", 12),
        ("/models/churn_90d/", 8),
        ("/sources/", 13),
        ("/sources/loyalty_members/", 13),
        ("/jobs/", 7),
    ],
)
def test_a_page__stays_within_its_queries(signed_in, alice, job, path, queries, django_assert_max_num_queries):
    client = signed_in("dpo")

    with django_assert_max_num_queries(queries):
        response = client.get(path)

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("tab", "queries"),
    [
        ("", 28),
        ("timeline/", 20),
        ("identities/", 30),
        ("traits/", 31),
        ("segments/", 20),
        ("scores/", 20),
        ("recommendations/", 28),
        ("consent/", 20),
        ("audit/", 20),
    ],
)
def test_the_page_of_a_person__stays_within_its_queries(signed_in, alice, tab, queries, django_assert_max_num_queries):
    client = signed_in("dpo")

    with django_assert_max_num_queries(queries):
        response = client.get(f"/customers/{alice}/{tab}")

    assert response.status_code == 200
    assert "Alice Andersson" in response.content.decode()


def test_no_page__carries_style_or_handlers_inline(signed_in, alice, job, run):
    client = signed_in("dpo")
    paths = [
        "/",
        "/customers/",
        f"/customers/{alice}/",
        "/segments/test-segment/",
        f"/sources/runs/{run.id}/",
        "/jobs/",
    ]

    pages = "".join(client.get(path).content.decode() for path in paths)

    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", pages)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", pages)


def test_contacts__stay_masked__without_the_right_to_see_them(signed_in, alice):
    client = signed_in("analyst")

    page = client.get(f"/customers/{alice}/{SERVICING}").content.decode()
    asked = client.post(f"/customers/{alice}/identity/{SERVICING}", headers={"hx-request": "true"})

    assert "alice@example.org" not in page + asked.content.decode()
    assert "Reveal" not in page
    assert "only under their masks" in asked.content.decode()


def test_contacts__are_revealed_for_servicing__and_it_is_written_down(signed_in, alice):
    client = signed_in("dpo")

    asked = client.post(f"/customers/{alice}/identity/{SERVICING}", headers={"hx-request": "true"})

    assert "alice@example.org" in asked.content.decode()
    assert "load delay:60s" in asked.content.decode()
    assert "customer.reveal" in [line.action for line in audit.for_customer(alice)]


def test_contacts__are_not_revealed_for_looking_at_figures(signed_in, alice):
    client = signed_in("dpo")

    asked = client.post(f"/customers/{alice}/identity/?purpose=analytics", headers={"hx-request": "true"})

    assert "alice@example.org" not in asked.content.decode()
    assert "Names are not shown for revenue analytics" in asked.content.decode()


def test_a_person__is_not_shown_for_a_purpose_that_was_not_agreed_to(signed_in, alice):
    response = signed_in("dpo").get(f"/customers/{alice}/?purpose=sharing")

    assert response.status_code == 403
    assert "Alice" not in response.content.decode()


def test_a_restricted_person__cannot_be_found_by_the_pages(signed_in, alice):
    subjects.restrict(alice)
    client = signed_in("dpo")

    response = client.get(f"/customers/{alice}/")

    assert response.status_code == 404
    assert str(alice) not in client.get("/customers/").content.decode()


def test_every_look_at_a_person__is_written_down_with_its_purpose(signed_in, alice):
    signed_in("dpo").get(f"/customers/{alice}/{SERVICING}")

    assert ("customer.read", "servicing") in [(line.action, line.purpose) for line in audit.for_customer(alice)]


def test_the_timeline__can_be_read_by_kind(signed_in, alice):
    page = signed_in("analyst").get(f"/customers/{alice}/timeline/?kind=11").content.decode()

    assert "Searched CPH–BKK" in page
    assert "Bought an extra bag" not in page


def test_links__carry_the_purpose_on(signed_in, alice):
    page = signed_in("analyst").get(f"/customers/{alice}/{SERVICING}").content.decode()

    assert f'href="/customers/{alice}/timeline/?purpose=servicing"' in page


def test_the_segment__shows_members_and_counts_whom_it_may_reach(signed_in, alice):
    client = signed_in("analyst")

    page = client.get("/segments/test-segment/").content.decode()
    reach = client.get("/segments/test-segment/reach/").content.decode()

    assert str(alice) in page
    assert re.search(r"E-mail</td>.*?<td class=\"num\">1</td>", reach, re.DOTALL)
    assert re.search(r"SMS</td>.*?<td class=\"num\">0</td>", reach, re.DOTALL)


def test_members__leave_as_a_file_only_for_those_who_may_export(signed_in, alice):
    path = "/segments/test-segment/?format=csv&table=members"

    assert signed_in("data_scientist").get(path).status_code == 403
    allowed = signed_in("analyst").get(path)
    assert str(alice) in b"".join(allowed.streaming_content).decode()


def test_somebody_of_a_partner__sees_shared_segments_without_people(signed_in, alice):
    client = signed_in("partner")

    assert client.get("/")["Location"] == "/segments/"
    assert client.get("/customers/").status_code == 403
    page = client.get("/segments/test-segment/").content.decode()
    assert str(alice) not in page
    assert ">Customers<" not in page


def test_a_quarantined_row__is_listed_and_harmless_in_the_file(signed_in, run):
    client = signed_in("operator")

    assert "Birth Date" in client.get(f"/sources/runs/{run.id}/").content.decode()
    file = b"".join(client.get(f"/sources/runs/{run.id}/?format=csv").streaming_content).decode()
    assert "7,Birth Date,'=not a date,an ISO date" in file


def test_a_running_job__is_asked_about_until_it_has_ended(signed_in, job):
    client, part = signed_in("analyst"), {"hx-request": "true"}

    assert client.get(f"/jobs/{job.id}/", headers=part).status_code == 200
    client.post(f"/jobs/{job.id}/cancel/")
    job.refresh_from_db()
    assert job.cancel_requested_at
    job.state = "cancelled"
    job.save()
    assert client.get(f"/jobs/{job.id}/", headers=part).status_code == 286


def test_training_again__is_a_job_for_those_who_keep_the_models(signed_in):
    assert signed_in("analyst").post("/models/churn_90d/retrain/").status_code == 403

    response = signed_in("data_scientist").post("/models/churn_90d/retrain/")

    assert response.status_code == 302
    assert response["Location"].startswith("/jobs/")


def test_an_unknown_address__says_so(signed_in):
    response = signed_in("analyst").get("/customers/00000000-0000-0000-0000-000000000000/")

    assert response.status_code == 404
    assert "There is no page here" in response.content.decode()


def test_a_segment_that_was_empty_a_week_ago__is_new_and_has_not_grown(signed_in, alice):
    page = signed_in("dpo").get("/").content.decode()

    assert "It had no members seven days ago" in page
    assert "+1<" not in page
