"""Alice agreed, Bob never said anything, Carol agreed and withdrew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from iaros.lib.ids import uuid7
from iaros.lib.purposes import Purpose
from privacy import consent, data_holders, encryption, subjects
from privacy.consent import ConsentEntry
from privacy.data_holder import PrivacyHolder

SPRING = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.KEYS_FILE = encryption.write_new_keys(tmp_path / "keys.json")


@pytest.fixture
def alice(db) -> UUID:
    return _person(Purpose.MARKETING, ["granted"])


@pytest.fixture
def bob(db) -> UUID:
    return _person(Purpose.MARKETING, [])


@pytest.fixture
def carol(db) -> UUID:
    return _person(Purpose.MARKETING, ["granted", "withdrawn"])


@pytest.fixture
def holders():
    """Only the holders a test names; what the application has joined comes back afterwards."""
    before, locator = data_holders.connected(), data_holders.locator()
    for holder in before:
        data_holders.disconnect(holder.name)
    data_holders.connect(PrivacyHolder())
    yield data_holders
    for holder in data_holders.connected():
        data_holders.disconnect(holder.name)
    for holder in before:
        data_holders.connect(holder)
    data_holders.connect_locator(locator)


def said(customer_id: UUID, state: str, *, days: int = 0, **more) -> ConsentEntry:
    """A statement on marketing, `days` after spring."""
    purpose = more.pop("purpose", Purpose.MARKETING)
    return ConsentEntry(customer_id, purpose, state, SPRING + timedelta(days=days), **more)


def _person(purpose: Purpose, statements: list[str]) -> UUID:
    customer_id = uuid7()
    subjects.open_subject(customer_id)
    entries = [said(customer_id, state, days=day, purpose=purpose) for day, state in enumerate(statements)]
    consent.record(entries)
    return customer_id
