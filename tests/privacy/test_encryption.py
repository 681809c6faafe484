"""What a stolen database shows: nothing."""

import base64
import hashlib
import hmac
import json
from datetime import date

import pytest
from django.core.exceptions import ImproperlyConfigured

from iaros.lib.ids import as_block, uuid7
from privacy import encryption, subjects
from privacy.encryption import CannotOpen
from privacy.models import LandingKey, Subject


def test_seal__opened_in_its_place__gives_back_what_was_sealed(alice):
    sealer = subjects.sealers([alice])[alice]

    blob = sealer.seal(b"Alice Berg", b"profile:" + alice.bytes)

    assert b"Alice" not in blob
    assert sealer.open(blob, b"profile:" + alice.bytes) == b"Alice Berg"


def test_seal__blob_swapped_into_another_row__stays_shut(alice, bob):
    keys = subjects.sealers([alice, bob])
    blob = keys[alice].seal(b"Alice Berg", alice.bytes)

    with pytest.raises(CannotOpen):
        keys[alice].open(blob, bob.bytes)
    with pytest.raises(CannotOpen):
        keys[bob].open(blob, alice.bytes)


def test_seal__one_bit_changed__stays_shut(alice):
    sealer = subjects.sealers([alice])[alice]
    blob = bytearray(sealer.seal(b"Alice Berg", b""))

    blob[-1] ^= 1

    with pytest.raises(CannotOpen):
        sealer.open(bytes(blob), b"")


def test_subjects__wrapped_key_moved_to_another_person__does_not_open(alice, bob):
    Subject.objects.filter(id=bob).update(wrapped_key=Subject.objects.get(id=alice).wrapped_key)

    with pytest.raises(CannotOpen):
        subjects.sealers([bob])


def test_subjects__many_opened_at_once__each_has_a_key_of_their_own(db):
    people = [uuid7() for _ in range(50)]

    opened = subjects.open_subjects(as_block(people))

    found = subjects.sealers(people)
    blobs = encryption.seal_each(opened, [b"same words"] * 50, [each.bytes for each in people])
    assert [found[who].open(blob, who.bytes) for who, blob in zip(people, blobs, strict=True)] == ([b"same words"] * 50)
    assert len(set(blobs)) == 50


def test_subjects__key_destroyed__nobody_gets_a_sealer(alice):
    subjects.destroy_key(alice)

    assert subjects.sealers([alice]) == {}
    assert subjects.frozen([alice]) == {alice}


def test_landing_key__same_source_and_day__is_the_same_key(db):
    day = date(2026, 3, 1)

    first_id, first = subjects.landing_sealer("pnr", day)
    second_id, _ = subjects.landing_sealer("pnr", day)

    assert first_id == second_id
    assert LandingKey.objects.count() == 1
    blob = first.seal(b"a message", b"")
    assert subjects.landing_sealers([first_id])[first_id].open(blob, b"") == b"a message"


def test_lookup_keys__same_value_of_another_kind__is_another_key(settings):
    email, again = encryption.lookup_keys("email", ["alice@example.org", "alice@example.org"])
    (phone,) = encryption.lookup_keys("phone", ["alice@example.org"])

    assert email == again
    assert email != phone
    assert len(email) == 16


def test_lookup_keys__are_hmac_sha256_under_the_index_key(settings):
    key = base64.b64decode(json.loads(settings.KEYS_FILE.read_text())["index_key"])
    expected = hmac.new(key, b"email\0alice@example.org", hashlib.sha256).digest()[:16]

    assert encryption.lookup_keys("email", ["alice@example.org"]) == [expected]


def test_keys_file__missing__is_refused_with_its_path(settings, tmp_path):
    settings.KEYS_FILE = tmp_path / "elsewhere.json"

    with pytest.raises(ImproperlyConfigured, match=r"elsewhere\.json"):
        encryption.current_keys()
    assert [problem.id for problem in encryption.check_keys_file()] == ["privacy.E001"]


def test_keys_file__written_again__is_left_as_it_was(settings):
    before = settings.KEYS_FILE.read_text()

    encryption.write_new_keys(settings.KEYS_FILE)

    assert settings.KEYS_FILE.read_text() == before
    assert settings.KEYS_FILE.stat().st_mode & 0o077 == 0
