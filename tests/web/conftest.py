"""Alice, about whom every page has something to show, and people of the airline who look at her."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from iaros.accounts import roles
from iaros.accounts.models import User
from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.models import Job, JobState
from iaros.lib.purposes import Channel, Purpose
from privacy import consent, encryption, subjects
from profiles import models as profiles
from profiles.sources.contract import PERSON_FIELDS
from segmentation import features
from segmentation import models as segmentation
from segmentation.models.transitions import VERSION_SHIFT
from segmentation.segments import membership
from segmentation.segments.catalogue import ensure_default_segments
from segmentation.segments.growing import ensure_lattice
from tests.segmentation import population

PASSWORD = "a password of the test"


@pytest.fixture(autouse=True)
def _plain_site(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.KEYS_FILE = encryption.write_new_keys(tmp_path / "keys.json")
    # Pages name files as they stand in the source, whatever was collected on this machine before.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def person_of(db: None) -> Callable[..., User]:
    """Makes somebody of that role."""
    roles.sync()

    def make(role: str) -> User:
        user = User.objects.create_user(f"{role}-{uuid7().hex[-6:]}", password=PASSWORD, first_name="Marta")
        user.is_staff = role in roles.STAFF_ROLES
        user.save()
        user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def signed_in(person_of: Callable[..., User]) -> Callable[[str], Client]:
    def make(role: str) -> Client:
        client = Client()
        client.force_login(person_of(role), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


@pytest.fixture
def run(db: None) -> profiles.IngestRun:
    """A file of members, one row of which waits."""
    source, _ = profiles.Source.objects.get_or_create(name="loyalty_members")
    run = profiles.IngestRun.objects.create(
        source_id=source.id, file_name="members.csv", state="done", read=10, new=9, quarantined=1, seconds=0.5
    )
    profiles.QuarantinedRow.objects.create(
        source_id=source.id,
        run_id=run.id,
        last_seen_run_id=run.id,
        fingerprint=b"f" * 16,
        row=7,
        field="Birth Date",
        reason="=not a date",
        expected="an ISO date",
        key_id=uuid7(),
        cipher=b"sealed",
    )
    return run


@pytest.fixture
def alice(run: profiles.IngestRun) -> UUID:
    """A gold member with a trip ahead, a score, a segment and e-mail consent."""
    alice = _customer(run.source_id)
    _trip(alice)
    _segment(alice)
    _score(alice)
    said = consent.ConsentEntry(
        customer_id=alice,
        purpose=Purpose.MARKETING,
        state="granted",
        occurred_at=timezone.now(),
        channel="email",
        source="consents",
    )
    consent.record([said])
    profiles.Identifier.objects.create(
        lookup=alice.bytes, kind=profiles.IdentifierKind.EMAIL, customer_id=alice, record_id=uuid7(), claims=True
    )
    return alice


@pytest.fixture
def job(db: None) -> Job:
    return Job.objects.create(kind="refresh", state=JobState.RUNNING, phase="features", done=40, total=100, rate=20)


@pytest.fixture
def base(db: None) -> list[UUID]:
    """Two hundred people with facts, features, and every segment that the platform brings; a browser sees them."""
    return _settled()


@pytest.fixture(scope="module")
def settled(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[UUID]]:
    """The same once for a module, and taken down after it; a test adds `db` to undo its own."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _settled()
        transaction.set_rollback(True)


def _settled() -> list[UUID]:
    people = population.customers(200)
    population.facts(people, each=12)
    features.materialise(population.AS_OF)
    ensure_default_segments()
    ensure_lattice()
    membership.refresh(population.AS_OF)
    return people


def _customer(source_id: int) -> UUID:
    customer, record, now = uuid7(), uuid7(), timezone.now()
    sealer, bucket = subjects.open_subject(customer), bucket_of(customer)
    profiles.Customer.objects.create(bucket=bucket, id=customer, first_source=source_id)
    person = {"given_name": "Alice", "surname": "Andersson", "email": "alice@example.org", "tier": "Gold"}
    values = orjson.dumps([person.get(name) for name in PERSON_FIELDS])
    sealed = sealer.seal(values, b"profile:" + customer.bytes)
    profiles.Profile.objects.create(
        bucket=bucket, id=customer, cipher=sealed, tier="Gold", country="DK", provenance=b"\x00", updated_at=now
    )
    message = profiles.Message.objects.create(
        source_id=source_id, run_id=uuid7(), first_row=2, lines=1, key_id=uuid7(), cipher=b"", received_at=now
    )
    profiles.SourceRecord.objects.create(
        bucket=0, id=record, native_key=b"k" * 16, content_hash=b"h" * 8, message_id=message.id, line=0
    )
    profiles.Link.objects.create(
        bucket=bucket, customer_id=customer, record_id=record, record_bucket=0, linked_at=now, rule=1
    )
    return customer


def _trip(alice: UUID) -> None:
    now, booking, bucket = timezone.now(), uuid7(), bucket_of(alice)
    profiles.Booking.objects.create(
        bucket=bucket_of(booking),
        id=booking,
        locator="ABC123",
        created_at=now,
        modified_at=now,
        status="active",
        channel="web",
        currency="EUR",
        total_minor=41200,
        total_base_minor=41200,
        party_size=1,
        origin="CPH",
        destination="LIS",
        departs_at=now + timedelta(days=19),
    )
    passenger = {"bucket": bucket, "customer_id": alice, "record_id": uuid7(), "booking_id": booking}
    profiles.Passenger.objects.create(**passenger, number=1, passenger_type="ADT")
    for kind, item, booked in ((1, "CPH-LIS", booking), (5, "extra_bag", booking), (11, "CPH-BKK", None)):
        profiles.Event.objects.create(
            occurred_at=now - timedelta(days=kind),
            ingested_at=now,
            customer_id=alice,
            bucket=bucket,
            kind=kind,
            record_id=uuid7(),
            booking_id=booked,
            value_base_minor=41200 if booked else None,
            item=item,
            channel="web",
        )


def _segment(alice: UUID) -> None:
    now = timezone.now()
    segment = segmentation.Segment.objects.create(
        slug="test-segment",
        name="Near Silver",
        purpose=Purpose.MARKETING,
        channel=Channel.EMAIL,
        status="published",
        position=900,
        size=1,
        reach=1,
        counted_at=now,
    )
    segment.versions.create(number=1, rule={}, sentence="Customers with one trip to go.")
    bitmap = bytearray(900 // 8 + 1)
    bitmap[900 // 8] |= 1 << (900 % 8)
    segmentation.Membership.objects.create(bucket=bucket_of(alice), id=alice, bitmap=bytes(bitmap), as_of=now)
    entered = 1 << VERSION_SHIFT | segment.position
    segmentation.Moves.objects.create(bucket=bucket_of(alice), customer_id=alice, at=now, moves=[entered])


def _score(alice: UUID) -> None:
    reasons = [{"feature": "booking:count_365d", "contribution": -0.4, "value": 3.0}]
    segmentation.Score.objects.create(
        bucket=bucket_of(alice),
        entity_kind="customer",
        entity_id=alice,
        customer_id=alice,
        name="churn_90d",
        value=0.38,
        low=0.3,
        high=0.5,
        reasons=reasons,
        model_version_id=uuid7(),
        as_of=timezone.now(),
    )
