"""Partners send files, providers send events: committed before the answer, signed, and never twice."""

from __future__ import annotations

import base64
import hmac
import json
import time
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client

from iaros.lib.models import Job
from profiles import deliveries
from profiles.models import Delivery, Event
from tests import world as people

BATCHES = "/api/v1/sources/web_events/batches"
LINES = b"".join(json.dumps(people.seen(f"e{n}", "dev")).encode() + b"\n" for n in range(4))
SECRET = base64.b64encode(b"a secret of the test").decode()


@pytest.fixture
def sender(new_partner):
    return new_partner(scopes=["sources:write", "jobs:read"])


def send(client: Client, body: bytes, query: str = "", **headers: str) -> Any:
    return client.post(BATCHES + query, body, content_type="application/x-ndjson", headers=headers)


def test_a_batch__is_accepted_with_a_job_that_its_sender_may_follow(sender):
    answer = send(sender, LINES)

    assert answer.status_code == 202
    told = answer.json()
    assert (told["received"], told["size"], told["state"]) == (len(LINES), len(LINES), "waiting")
    assert sender.get(answer["Location"]).json()["kind"] == "ingest"
    deliveries.take(Job.objects.get(id=told["job"]))
    assert Event.objects.count() == 4


def test_the_same_batch_again__is_the_same_job(sender):
    first, again = send(sender, LINES).json(), send(sender, LINES).json()

    assert first["job"] == again["job"]
    assert Job.objects.count() == 1


def test_in_parts__taken_up_where_it_broke_off(sender):
    size = len(LINES)
    first = send(sender, LINES[:50], "?batch=may", **{"Content-Range": f"bytes 0-49/{size}"})
    came = sender.get(BATCHES + "?batch=may").json()["received"]
    wrong = send(sender, LINES[60:], "?batch=may", **{"Content-Range": f"bytes 60-{size - 1}/{size}"})
    last = send(sender, LINES[50:], "?batch=may", **{"Content-Range": f"bytes 50-{size - 1}/{size}"})

    assert (first.json()["job"], came) == (None, 50)
    assert wrong.status_code == 409
    assert "begins with byte 50" in wrong.json()["detail"]
    assert last.json()["job"]


def test_an_idempotency_key__carries_it_out_once(sender):
    answers = [send(sender, LINES, **{"Idempotency-Key": "k1"}) for _ in range(2)]

    assert answers[1].json() == answers[0].json()
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "content_range", "status"),
    [("", "bytes 0-9/20", 400), ("?batch=x", "bytes 0-3/20", 400), ("?batch=x", "0-9", 400), ("?batch=a/b", "", 400)],
)
def test_a_part_that_says_not_what_it_is__400(sender, query, content_range, status):
    headers = {"Content-Range": content_range} if content_range else {}

    assert send(sender, LINES[:10], query, **headers).status_code == status


def test_without_the_scope__403__and_an_unknown_source__404(new_partner, sender):
    assert send(new_partner(scopes=["jobs:read"]), LINES).status_code == 403
    assert sender.post("/api/v1/sources/nothing/batches", LINES, content_type="text/plain").status_code == 404
    assert sender.get(f"{BATCHES}?batch=%00").status_code == 404


def test_another_senders_batch__is_not_told(sender, new_partner):
    send(sender, LINES, "?batch=may")

    assert new_partner(scopes=["sources:write"]).get(BATCHES + "?batch=may").status_code == 404


@pytest.fixture
def hook(db, settings):
    settings.WEBHOOKS = {"web_events": {"scheme": "standard_webhooks", "secret": f"whsec_{SECRET}"}}

    def post(body: bytes, *, message: str = "m1", key: bytes = b"a secret of the test") -> Any:
        moment = str(int(time.time()))
        signed = hmac.new(key, f"{message}.{moment}.".encode() + body, sha256).digest()
        headers = {"webhook-id": message, "webhook-timestamp": moment,
                   "webhook-signature": "v1," + base64.b64encode(signed).decode()}  # fmt: skip
        sent = {"content_type": "application/json", "headers": headers}
        return lambda: Client().post("/api/v1/webhooks/web_events", body, **sent)

    return post


def test_webhook__signed__is_committed_before_it_is_accepted(hook):
    answer = hook(LINES)()

    assert answer.status_code == 202
    assert Delivery.objects.get(way="webhook").state == "waiting"


def test_webhook__wrongly_signed__401_and_nothing_is_kept(hook):
    answer = hook(LINES, key=b"another secret")()

    assert answer.status_code == 401
    assert not Delivery.objects.exists()


def test_webhook__replayed__refused(hook):
    once = hook(LINES)

    assert [once().status_code, once().status_code] == [202, 409]
    assert Delivery.objects.count() == 1


def test_webhook__that_nobody_set_up__404(hook):
    assert Client().post("/api/v1/webhooks/pnr", b"{}", content_type="application/json").status_code == 404


def test_webhooks_that_wait__are_taken_in_together(hook):
    for n in range(3):
        hook(json.dumps(people.seen(f"w{n}", "dev")).encode(), message=f"m{n}")()
    first = Delivery.objects.order_by("id")[0]

    deliveries.take(Job.objects.get(id=first.job_id))

    assert Event.objects.count() == 3
    assert not Delivery.objects.filter(state="waiting").exists()


def test_statements_of_a_delivery__do_not_grow_with_it(sender, hook, django_assert_max_num_queries):
    once = hook(LINES)
    with django_assert_max_num_queries(24):
        assert sender.post("/api/v1/sources/web_events/batches", LINES, content_type="text/plain").status_code == 202
    with django_assert_max_num_queries(6):
        assert sender.get(f"{BATCHES}?batch={sha256(LINES).hexdigest()}").status_code == 200
    with django_assert_max_num_queries(24):
        assert once().status_code == 202


PINNED = ("sources/web_events/batches", "webhooks/web_events")
