"""Which value stands, why, and who may see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from iaros.lib.ids import uuid7
from iaros.lib.purposes import Purpose
from privacy import ledger, subjects
from privacy.encryption import CannotOpen
from profiles import selectors
from profiles.golden import provenance
from profiles.golden.survivorship import Mention, survive
from profiles.ingest import messages
from profiles.models import Profile, SourceRecord
from profiles.sources.contract import PERSON_FIELDS

NOW = datetime(2026, 10, 31, tzinfo=UTC)


def mention(trust: float, days: int, **values: str) -> Mention:
    return Mention(uuid7().bytes, trust, NOW + timedelta(days=days), [values.get(name) for name in PERSON_FIELDS])


def test_survivorship__trust_first_then_the_latest():
    trusted, old, new = mention(0.9, 0, surname="Ek"), mention(0.6, 1, city="Malmö"), mention(0.6, 2, city="Lund")

    values, packed = survive([old, new, trusted])

    golden = dict(zip(PERSON_FIELDS, values, strict=True))
    origin = provenance.unpack(packed)
    assert (golden["surname"], golden["city"], golden["email"]) == ("Ek", "Lund", None)
    assert origin["surname"].record_id.bytes == trusted.record_id
    assert origin["city"].record_id.bytes == new.record_id
    assert origin["city"].confidence < origin["surname"].confidence


def test_origin__leads_to_the_raw_line(world, db):
    origin = selectors.profile_of(world.alice, purpose=Purpose.SERVICING).origins["email"]

    line = messages.raw_line(SourceRecord.objects.get(id=origin.record_id))

    assert origin.source == "loyalty_members"
    assert b"alice@example.org" in line


def test_profile__does_not_open_under_another_customer(world, db):
    cipher = Profile.objects.get(id=world.alice).cipher
    bobs = subjects.sealers([world.bob])[world.bob]

    with pytest.raises(CannotOpen):
        bobs.open(cipher, b"profile:" + world.alice.bytes)


def test_profile__is_masked_unless_revealed(world, db):
    masked = selectors.profile_of(world.alice, purpose=Purpose.SERVICING)
    whole = selectors.profile_of(world.alice, purpose=Purpose.SERVICING, reveal=True)

    assert masked.values["email"] == "a•••••@example.org"
    assert whole.values["email"] == "alice@example.org"


def test_gate__consent_withdrawn_or_objected__nobody_is_there(world, db):
    objection = ledger.ConsentEntry(world.alice, Purpose.ANALYTICS, "objected", NOW)
    ledger.record([objection])

    assert selectors.profile_of(world.carol, purpose=Purpose.PERSONALISATION) is None
    assert selectors.profile_of(world.alice, purpose=Purpose.ANALYTICS) is None
    assert selectors.find_customers("Andersson", purpose=Purpose.ANALYTICS) == []
    assert selectors.profile_of(world.alice, purpose=Purpose.PERSONALISATION)


@pytest.mark.parametrize(
    "query",
    ["Andersson", "Ander", "Alice Andersson", "Anderson", "ALICE@example.org", "NV000001", "+45 20 12 34 56", "alice0"],
)
def test_find__by_name_beginning_sound_email_number_phone_and_locator(world, db, query):
    found = selectors.find_customers(query, purpose=Purpose.SERVICING)

    assert world.alice in [match.profile.customer_id for match in found]
