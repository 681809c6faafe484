"""Opens landed messages: to show the raw line behind a value, and to blank the lines of an erased person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from privacy import encryption, subjects
from profiles.ingest import cleanse, packed_lines
from profiles.models import IdentifierKind, Message, Source, SourceRecord
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Connector


def raw_line(record: SourceRecord) -> bytes | None:
    """The line a record stands on, as it came; None when its message is gone."""
    message = Message.objects.filter(id=record.message_id).first()
    if message is None:
        return None
    sealer = subjects.landing_sealers([message.key_id]).get(message.key_id)
    return _opened(message, sealer)[record.line] if sealer else None


def place_of(connector: Connector, native_keys: Sequence[str], native_key: bytes) -> int | None:
    """Which of the mentions read from a line is the one of this keyed native key."""
    hashed = encryption.record_keys(connector.name, list(native_keys))
    return next((at for at, key in enumerate(hashed) if key == native_key), None)


def raw_lines(records: Iterable[SourceRecord]) -> dict[UUID, bytes]:
    """The raw form of each record, by record id; those whose message is gone are absent."""
    wanted = list(records)
    found = {m.id: m for m in Message.objects.filter(id__in={r.message_id for r in wanted})}
    keys = subjects.landing_sealers({m.key_id for m in found.values()})
    opened = {m.id: _opened(m, keys[m.key_id]) for m in found.values() if m.key_id in keys}
    return {r.id: opened[r.message_id][r.line] for r in wanted if r.message_id in opened}


@dataclass(frozen=True)
class Origin:
    """Which source told a record, in which run, and when."""

    source_id: int
    run_id: UUID
    received_at: datetime


def origins(records: Iterable[SourceRecord]) -> dict[UUID, Origin]:
    """What the messages say for their records, by record id."""
    wanted = list(records)
    told = Message.objects.filter(id__in={r.message_id for r in wanted})
    by_message = {
        message: Origin(source, run, at)
        for message, source, run, at in told.values_list("id", "source_id", "run_id", "received_at")
    }
    return {r.id: by_message[r.message_id] for r in wanted if r.message_id in by_message}


def redact(records: Iterable[SourceRecord], known_by: Collection[bytes]) -> int:
    """Blank the lines of these records; of a line that others share only their part, and contacts `known_by`.

    Returns the messages rewritten.
    """
    lines: dict[int, dict[int, set[bytes]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        lines[record.message_id][record.line].add(bytes(record.native_key))
    messages = list(Message.objects.select_for_update().filter(id__in=lines))
    keys = subjects.landing_sealers([m.key_id for m in messages])
    names = dict(Source.objects.values_list("id", "name"))
    for message in messages:
        sealer = keys.get(message.key_id)
        if sealer is None:
            continue
        opened = _opened(message, sealer)
        connector = CONNECTORS.get(names[message.source_id])
        for line, native_keys in lines[message.id].items():
            opened[line] = without(connector, opened[line], native_keys, lambda lookup: lookup in known_by)
        message.cipher = sealer.seal(packed_lines.packed(opened), b"message:" + message.sealed_as.bytes)
        message.save(update_fields=["cipher"])
    return len(messages)


def _opened(message: Message, sealer: encryption.Sealer) -> list[bytes]:
    return packed_lines.unpacked(sealer.open(message.cipher, b"message:" + message.sealed_as.bytes))


def without(
    connector: Connector | None, line: bytes, native_keys: Collection[bytes], is_theirs: Callable[[bytes], bool]
) -> bytes:
    """The line without the person, whose mentions have these keyed `native_keys` and whose look-ups `is_theirs` knows.

    A feed whose lines several people share says how one of them is taken out; any other line is one person's and goes.
    """
    if connector is None or connector.without is None:
        return b""

    def is_gone(native_key: str) -> bool:
        return encryption.record_keys(connector.name, [native_key])[0] in native_keys

    def has(kind: IdentifierKind, said: str) -> bool:
        step = cleanse.STANDARD.get(kind)
        value = step(said) if step else said
        return bool(value) and is_theirs(encryption.lookup_keys(kind.keyed_as, [value or ""])[0])

    try:
        return connector.without(line, is_gone, has)
    except (ValueError, KeyError, TypeError, IndexError):
        return b""  # a line that cannot be understood any more is not kept for the sake of the others
