"""The page of lists: a file is brought by those who build segments, and seen by those who see them."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from privacy.models import AuditEvent
from segmentation.models import CustomerList
from segmentation.segments import publishing
from tests.segmentation import population

pytestmark = pytest.mark.django_db


def file(text: str | bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", text if isinstance(text, bytes) else text.encode())


def test_the_page_of_lists__stays_within_its_queries(signed_in, django_assert_max_num_queries):
    client = signed_in("analyst")

    with django_assert_max_num_queries(8):
        response = client.get("/segments/lists/")

    assert "No list yet" in response.content.decode()


def test_a_file__becomes_a_list__and_the_page_says_who_was_found(signed_in):
    people = population.customers(2)
    client = signed_in("analyst")
    told = {"name": "Gala", "key": "customer_id", "file": file(f"id\n{people[0]}\n{people[1]}\n")}

    page = client.post("/segments/lists/bring/", told, follow=True).content.decode()

    assert "Gala: 2 of 3 rows are customers of ours, 1 could not be read." in page
    assert AuditEvent.objects.filter(action="bring list").exists()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"name": "Gala", "key": "customer_id"}, "choose a file"),
        ({"name": "Gala", "key": "shoe size", "file": file("1")}, "say by what the rows name customers"),
        ({"name": "Gala", "key": "email", "file": file(b"\xff\xfe\x00")}, "no text in UTF-8"),
        ({"name": "", "key": "email", "file": file("a@b.example")}, "a list needs a name"),
    ],
)
def test_what_makes_no_list__is_refused_with_the_reason(signed_in, told, why):
    response = signed_in("analyst").post("/segments/lists/bring/", told)

    assert response.status_code == 422
    assert why in response.content.decode()
    assert not CustomerList.objects.exists()


def test_a_list__is_forgotten_unless_a_segment_names_it(signed_in):
    client = signed_in("analyst")
    CustomerList.objects.create(slug="gala", name="Gala")
    CustomerList.objects.create(slug="other", name="Other")
    rule = {"all": [{"list": "gala", "op": "in"}]}
    publishing.draft(name="At the gala", rule=rule, purpose="marketing", channel="email")

    refused = client.post("/segments/lists/gala/forget/", follow=True).content.decode()
    done = client.post("/segments/lists/other/forget/", follow=True).content.decode()

    assert "named by at-the-gala" in refused
    assert "Other is forgotten" in done
    assert CustomerList.objects.get().slug == "gala"


def test_a_data_steward__sees_segments_and_brings_no_list(signed_in):
    client = signed_in("data_steward")

    assert client.get("/segments/").status_code == 200
    assert client.get("/segments/lists/").status_code == 200
    assert client.post("/segments/lists/bring/", {}).status_code == 403
