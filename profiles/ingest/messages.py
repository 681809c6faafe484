"""Opens landed messages: to show the raw line behind a value, and to blank the lines of an erased person."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import orjson

from privacy import encryption, subjects
from profiles.ingest import cleanse
from profiles.ingest.landing import SEPARATOR
from profiles.models import IdentifierKind, Message, SourceRecord

PARTS_OF_A_PASSENGER = ("contacts", "tickets", "ancillaries")


def raw_line(record: SourceRecord) -> bytes | None:
    """The line a record stands on, as it came; None when its message is gone."""
    message = Message.objects.filter(id=record.message_id).first()
    if message is None:
        return None
    sealer = subjects.landing_sealers([message.key_id]).get(message.key_id)
    return _opened(message, sealer)[record.line] if sealer else None


def redact(records: Iterable[SourceRecord], known_by: Collection[bytes]) -> int:
    """Blank the lines of these records; of a booking only the passenger's part, and contacts that are `known_by`.

    Returns the messages rewritten.
    """
    lines: dict[UUID, dict[int, set[bytes]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        lines[record.message_id][record.line].add(bytes(record.native_key))
    messages = list(Message.objects.select_for_update().filter(id__in=lines))
    keys = subjects.landing_sealers([m.key_id for m in messages])
    for message in messages:
        sealer = keys.get(message.key_id)
        if sealer is None:
            continue
        opened = _opened(message, sealer)
        for line, native_keys in lines[message.id].items():
            opened[line] = without(opened[line], native_keys, known_by)
        message.cipher = sealer.seal(zlib.compress(SEPARATOR.join(opened), 1), b"message:" + message.id.bytes)
        message.save(update_fields=["cipher"])
    return len(messages)


def _opened(message: Message, sealer: encryption.Sealer) -> list[bytes]:
    return zlib.decompress(sealer.open(message.cipher, b"message:" + message.id.bytes)).split(SEPARATOR)


def without(line: bytes, native_keys: Collection[bytes], known_by: Collection[bytes]) -> bytes:
    """The line without the person, whose mentions have these `native_keys` and who is `known_by` these look-ups.

    A booking keeps its other passengers; any other line is one person's and goes.
    """
    try:
        booking = orjson.loads(line)
        stem = f"{booking['locator']}/{booking['created_at'][:10]}"
        numbers = [passenger["number"] for passenger in booking["passengers"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return b""
    hashes = encryption.lookup_keys("record:pnr", [f"{stem}/{number}" for number in numbers])
    gone = {number for number, hashed in zip(numbers, hashes, strict=True) if hashed in native_keys}
    booking["passengers"] = [
        {"number": p["number"], "type": p.get("type"), "erased": True} if p["number"] in gone else p
        for p in booking["passengers"]
    ]
    for part in PARTS_OF_A_PASSENGER:
        booking[part] = [item for item in booking.get(part) or [] if item.get("passenger") not in gone]
    everyone = len(gone) == len(numbers)
    booking["contacts"] = [c for c in booking["contacts"] if not everyone and _lookup(c) not in known_by]
    return orjson.dumps(booking)


def contacts_in(line: bytes) -> list[bytes]:
    """The look-ups of the contacts of a booking."""
    found = (_lookup(contact) for contact in orjson.loads(line).get("contacts") or [])
    return [lookup for lookup in found if lookup]


def _lookup(contact: dict[str, Any]) -> bytes | None:
    """By what a contact of a booking would be found as somebody's identifier."""
    kind = IdentifierKind.EMAIL if contact.get("type") == "email" else IdentifierKind.PHONE
    said = str(contact.get("value") or "")
    value = cleanse.email(said) if kind == IdentifierKind.EMAIL else cleanse.phone(said)
    return encryption.lookup_keys(kind.keyed_as, [value])[0] if value else None
