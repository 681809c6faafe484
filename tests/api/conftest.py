"""A partner with a token, an analyst with a session, and Alice, Carol and Rita, about whom they ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from iaros.accounts import roles
from iaros.accounts.models import ApiClient, User
from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.purposes import Purpose
from privacy import consent, encryption, subjects
from profiles.models import Customer, Identifier, IdentifierKind, Profile
from profiles.sources.contract import PERSON_FIELDS

READS = ("profiles:read", "segments:read", "scores:read", "recommendations:read", "analytics:read", "models:read")
EVERY_SCOPE = [*READS, "profiles:write", "models:write", "jobs:read"]


@pytest.fixture(autouse=True)
def _fresh_counters(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.SECURE_SSL_REDIRECT = False
    cache.clear()


@pytest.fixture
def new_partner(db: None) -> Callable[..., Client]:
    """Makes a partner's system and signs it in; its name is unique."""

    def make(scopes: list[str] = EVERY_SCOPE, purposes: list[str] | None = None) -> Client:
        name = str(uuid7())
        application = ApiClient.objects.create(
            name=name,
            client_id=name,
            client_secret="a secret of the test",
            client_type=ApiClient.CLIENT_CONFIDENTIAL,
            authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
            scopes=scopes,
            purposes=[p.value for p in Purpose] if purposes is None else purposes,
        )
        get_access_token_model().objects.create(
            token=f"token-{name}",
            application=application,
            scope=" ".join(scopes),
            expires=timezone.now() + timedelta(hours=1),
        )
        return Client(headers={"authorization": f"Bearer token-{name}"})

    return make


@pytest.fixture
def partner(new_partner: Callable[..., Client]) -> Client:
    return new_partner()


@pytest.fixture
def signed_in(db: None) -> Callable[[str], Client]:
    """Signs somebody of that role in, as the pages do."""
    roles.sync()

    def make(role: str) -> Client:
        user = User.objects.create_user(f"{role}-{uuid7()}")
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


def _customer(number: str) -> UUID:
    """A customer with a golden profile, and the loyalty number by which it is known."""
    customer_id = uuid7()
    sealer, bucket = subjects.open_subject(customer_id), bucket_of(customer_id)
    Customer.objects.create(bucket=bucket, id=customer_id, first_source=1)
    person = {"given_name": "Alice", "surname": "Andersson", "email": "alice@example.org", "loyalty_number": number}
    values = orjson.dumps([person.get(name) for name in PERSON_FIELDS])
    Profile.objects.create(
        bucket=bucket,
        id=customer_id,
        cipher=sealer.seal(values, b"profile:" + customer_id.bytes),
        provenance=b"\x00",
        updated_at=timezone.now(),
    )
    Identifier.objects.create(
        lookup=encryption.lookup_keys("loyalty_number", [number])[0],
        kind=IdentifierKind.LOYALTY_NUMBER,
        customer_id=customer_id,
        record_id=uuid7(),
        claims=True,
    )
    return customer_id


def _says(customer_id: UUID, purpose: Purpose, state: str) -> None:
    entry = consent.ConsentEntry(
        customer_id=customer_id, purpose=purpose.value, state=state, occurred_at=timezone.now(), source="test"
    )
    consent.record([entry])


@pytest.fixture
def alice(db: None) -> UUID:
    """Agreed to personalisation."""
    customer_id = _customer("NV000001")
    _says(customer_id, Purpose.PERSONALISATION, "granted")
    return customer_id


@pytest.fixture
def carol(db: None) -> UUID:
    """Withdrew her consent to personalisation."""
    customer_id = _customer("NV000002")
    _says(customer_id, Purpose.PERSONALISATION, "withdrawn")
    return customer_id


@pytest.fixture
def rita(db: None) -> UUID:
    """Asked for restriction: stored, and nothing else."""
    customer_id = _customer("NV000003")
    subjects.restrict(customer_id)
    return customer_id


@pytest.fixture(scope="session", autouse=True)
def _keys(django_db_setup: None) -> None:
    """The suite has keys of its own; where the installation gives none, they are made once."""
    from django.conf import settings

    if not settings.KEYS_FILE.exists():
        settings.KEYS_FILE.parent.mkdir(parents=True, exist_ok=True)
        encryption.write_new_keys(settings.KEYS_FILE)
