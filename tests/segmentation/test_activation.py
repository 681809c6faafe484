"""Members leave the house: only who may, each with a line that says so, and some held out to compare with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow.parquet as pa_parquet
import pytest
from django.test import override_settings

from iaros.lib.models import Job, JobState
from iaros.lib.purposes import Channel, Purpose
from privacy import consent, subjects
from privacy.models import AuditEvent
from profiles.models import Profile
from profiles.person_values import packed
from profiles.sources.contract import PERSON_FIELDS
from segmentation import features, pipeline, selectors, tasks
from segmentation.data_holder import SegmentationHolder
from segmentation.models import Activation, Destination, Emission, Segment
from segmentation.segments import activation, destinations, evaluation, membership, power, publishing, reach
from tests.segmentation import population
from tests.segmentation.population import AS_OF
from tests.segmentation.test_building import addressed, flights

pytestmark = pytest.mark.django_db
SECRET = "a secret of the test"


class Received(HTTPServer):
    """What a partner's endpoint took, and how it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoint)
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.answer = 204


class _Endpoint(BaseHTTPRequestHandler):
    server: Received

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.answer == 204:
            self.server.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    monkeypatch.setenv("PARTNER_SECRET", SECRET)
    server = Received()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path) -> Iterator[None]:
    with override_settings(VAR_DIR=tmp_path):
        yield


@pytest.fixture
def people() -> list[UUID]:
    """Five with a flight: the first four can be addressed, all but the second agree to marketing."""
    made = population.customers(5)
    for one in made:
        population.event(one, population.EventKind.COUPON_FLOWN, AS_OF - timedelta(days=10))
        population.profile(one, birth_year=1980)
    for one in made[:4]:
        addressed(one)
    for one in (made[0], *made[2:]):
        agreed(one, Purpose.MARKETING)
    return made


def agreed(one: UUID, purpose: Purpose, state: str = "granted") -> None:
    said = {"purpose": purpose, "state": state, "occurred_at": AS_OF, "method": "letter", "source": "dpo"}
    consent.record([consent.ConsentEntry(customer_id=one, **said)])


def segment(holdout: float = 0) -> Segment:
    made = publishing.publish(
        publishing.draft(
            name="Flyers",
            rule={"all": [flights(1)]},
            purpose=Purpose.MARKETING,
            channel=Channel.EMAIL,
            holdout_percent=holdout,
        )
    )
    features.materialise(AS_OF)
    membership.refresh(AS_OF)
    made.refresh_from_db()
    return made


def webhook(server: Received, kind: str = "webhook") -> Destination:
    url = f"http://127.0.0.1:{server.server_port}/"
    return Destination.objects.create(slug="crm", name="CRM", kind=kind, url=url, secret_name="PARTNER_SECRET")


def file(file_format: str = "csv") -> Destination:
    return Destination.objects.create(slug="file", name="File", kind="file", file_format=file_format)


def sent(made: Segment, destination: Destination) -> tuple[Job, Activation]:
    job = pipeline.activate(segment=made, destination=destination)
    tasks.activate(job_id=str(job.id))
    job.refresh_from_db()
    return job, Activation.objects.get(job_id=job.id)


def test_file__holds_only_who_may_be_sent_and_each_member_is_logged(people: list[UUID]) -> None:
    job, made = sent(segment(), file())

    lines = (destinations.folder() / made.file_name).read_text().splitlines()
    assert job.state == JobState.SUCCEEDED
    assert made.counts == {"sent": 3, "no_consent": 1, "no_address": 1}
    assert lines[0] == "customer_id,segment,version,as_of"
    assert {line.split(",")[0] for line in lines[1:]} == {str(people[0]), str(people[2]), str(people[3])}
    assert Emission.objects.get(customer_id=people[1]).outcome == "no_consent"
    audited = AuditEvent.objects.get(action="activate segment")
    assert set(audited.ids) == {people[0], people[2], people[3]}
    assert [one.id for one in selectors.activations_of(made.segment)] == [made.id]


def test_file__as_parquet__has_the_same_columns(people: list[UUID]) -> None:
    _, made = sent(segment(), file("parquet"))

    table = pa_parquet.read_table(destinations.folder() / made.file_name)
    assert (table.column_names, table.num_rows) == (list(destinations.COLUMNS), 3)


def test_webhook__is_signed_and_can_be_verified(people: list[UUID], endpoint: Received) -> None:
    _, made = sent(segment(), webhook(endpoint))

    told = [UUID(one["customer_id"]) for _, body in endpoint.taken for one in json.loads(body)["members"]]
    headers, body = endpoint.taken[0]
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert sorted(told) == sorted([people[0], people[2], people[3]])
    assert made.counts["sent"] == 3


def test_webhook__withdrawal_after_the_refresh__is_not_sent(people: list[UUID], endpoint: Received) -> None:
    made = segment()
    agreed(people[0], Purpose.MARKETING, "withdrawn")

    sent(made, webhook(endpoint))

    assert Emission.objects.get(customer_id=people[0]).outcome == "no_consent"
    assert not any(str(people[0]).encode() in body for _, body in endpoint.taken)


def test_webhook__refused_and_sent_again__each_person_is_sent_once(people: list[UUID], endpoint: Received) -> None:
    made, destination = segment(), webhook(endpoint)
    endpoint.answer = 500
    job = pipeline.activate(segment=made, destination=destination)
    with pytest.raises(destinations.CannotSend):
        tasks.activate(job_id=str(job.id))
    endpoint.answer = 204

    counts = activation.run(Activation.objects.get(job_id=job.id))

    told = [one["customer_id"] for _, body in endpoint.taken for one in json.loads(body)["members"]]
    assert counts["sent"] == 3
    assert len(told) == len(set(told)) == 3
    assert activation.run(Activation.objects.get(job_id=job.id)) == counts
    assert len(told) == sum(len(json.loads(body)["members"]) for _, body in endpoint.taken)


def test_ad_audience__hashed_addresses_of_those_who_agree_to_sharing(people: list[UUID], endpoint: Received) -> None:
    agreed(people[2], Purpose.SHARING)
    sealer = subjects.sealers([people[2]])[people[2]]
    values = [{"email": " Alice@Example.org ", "phone": "+45 12 34 56 78"}.get(name) for name in PERSON_FIELDS]
    cipher = sealer.seal(packed(values), b"profile:" + people[2].bytes)
    Profile.objects.filter(id=people[2]).update(cipher=cipher)

    _, made = sent(segment(), webhook(endpoint, "ad_audience"))

    assert json.loads(endpoint.taken[0][1])["members"] == [
        {
            "email_sha256": hashlib.sha256(b"alice@example.org").hexdigest(),
            "phone_sha256": hashlib.sha256(b"4512345678").hexdigest(),
        }
    ]
    assert len(endpoint.taken) == 1
    assert made.counts == {"sent": 1, "no_consent": 3, "no_address": 1}


def test_holdout__is_the_draw_of_the_segment_and_its_power_is_shown(people: list[UUID]) -> None:
    _, made = sent(segment(holdout=50), file())

    block = population.np.frombuffer(b"".join(one.bytes for one in people), dtype="u1").reshape(-1, 16)
    drawn = evaluation.drawn(block, reach.holdout_draw("flyers")) < 5_000
    held = {one for one, out in zip(people, drawn, strict=True) if out} - {people[1], people[4]}
    assert set(Emission.objects.filter(outcome="held_out").values_list("customer_id", flat=True)) == held
    assert made.power is not None
    assert (made.power["treated"], made.power["held_out"]) == (3 - len(held), len(held))


def test_power__more_held_out__sees_less() -> None:
    small, large = power.power(9_000, 100, 0.1), power.power(9_000, 1_000, 0.1)

    assert small.detectable is not None
    assert large.detectable is not None
    assert large.detectable == pytest.approx(0.028, abs=0.001)
    assert small.detectable > 2.5 * large.detectable
    assert power.power(0, 10, 0.1).detectable is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "webhook", "url": "http://partner.example/", "secret_name": "PARTNER_SECRET"}, "only https"),
        ({"kind": "webhook", "url": "https://partner.example/", "secret_name": "NO_SUCH_SECRET"}, "is not set"),
        ({"kind": "file", "enabled": False}, "switched off"),
    ],
)
def test_start__destination_that_is_not_ready__is_refused(
    people: list[UUID], fields: dict[str, Any], said: str
) -> None:
    destination = Destination.objects.create(slug="x", name="X", **fields)

    with pytest.raises(activation.CannotActivate, match=said):
        pipeline.activate(segment=segment(), destination=destination)


def test_start__segment_not_counted_yet__is_refused() -> None:
    made = publishing.draft(name="New", rule={"all": [flights(1)]}, purpose=Purpose.MARKETING, channel=Channel.EMAIL)

    with pytest.raises(activation.CannotActivate, match="not published"):
        pipeline.activate(segment=made, destination=file())


def test_erasure__what_was_sent_of_a_person__is_exported_and_goes(people: list[UUID]) -> None:
    sent(segment(), file())
    holder = SegmentationHolder()

    told = holder.export(people[0])["sent"]
    holder.erase([people[0]])

    assert [(one["segment"], one["destination"], one["outcome"]) for one in told] == [("Flyers", "File", "sent")]
    assert not Emission.objects.filter(customer_id=people[0]).exists()
