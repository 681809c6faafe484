"""Opens landed messages: to show the raw line behind a value, and to blank the lines of an erased person."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import orjson

from privacy import encryption, subjects
from profiles.ingest.landing import SEPARATOR
from profiles.models import Message, SourceRecord

PARTS_OF_A_PASSENGER = ("contacts", "tickets", "ancillaries")


def raw_line(record: SourceRecord) -> bytes | None:
    """The line a record stands on, as it came; None when its message is gone."""
    message = Message.objects.filter(id=record.message_id).first()
    if message is None:
        return None
    sealer = subjects.landing_sealers([message.key_id]).get(message.key_id)
    return _opened(message, sealer)[record.line] if sealer else None


def redact(records: Iterable[SourceRecord]) -> int:
    """Blank the lines of these records; of a booking only the passenger's part. Returns the messages rewritten."""
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
            opened[line] = _without(opened[line], native_keys)
        message.cipher = sealer.seal(zlib.compress(SEPARATOR.join(opened), 1), b"message:" + message.id.bytes)
        message.save(update_fields=["cipher"])
    return len(messages)


def _opened(message: Message, sealer: encryption.Sealer) -> list[bytes]:
    return zlib.decompress(sealer.open(message.cipher, b"message:" + message.id.bytes)).split(SEPARATOR)


def _without(line: bytes, native_keys: set[bytes]) -> bytes:
    """The line without the person. A booking keeps its other passengers; any other line is one person's and goes."""
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
    if len(gone) == len(numbers):
        booking["contacts"] = []
    return orjson.dumps(booking)
