"""What people agreed to and refused, as it was said and where. One JSON object a line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import json_lines as j
from profiles.sources.contract import Batch, Connector, Family, Field, Keys, Lines, Reject

FIELDS = (
    Field("consent_id", "text", "c-000123", required=True),
    Field("subject.loyalty_number", "text", "480934", Sensitivity.PSEUDONYM),
    Field("subject.email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT),
    Field("purpose", "purpose", "marketing", required=True),
    Field("channel", "channel", "email"),
    Field("state", "granted denied withdrawn objected", "granted", required=True),
    Field("at", "moment", "2026-05-02T10:00:00+02:00", required=True),
    Field("method", "text", "web_form", required=True),
    Field("policy_version", "text", "2025-01", required=True),
    Field("language", "ISO 639", "da"),
)
STATES = ("granted", "denied", "withdrawn", "objected")
PURPOSES, CHANNELS = tuple(Purpose.values), tuple(Channel.values)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read consents; each is one mention by member number or confirmed e-mail, and one entry of the ledger."""
    rejects: list[Reject] = []
    rows: list[tuple[Any, ...]] = []

    def take(line: int, document: dict[str, Any]) -> None:
        rows.append((line, *_row(document)))

    j.objects(lines, rejects, take)
    columns = list(zip(*rows, strict=True)) if rows else [()] * 11
    line, consent_id, number, email, purpose, channel, state, at, method, policy, language = map(list, columns)
    every, moments = np.ones(len(rows), dtype=bool), np.array(at, dtype="datetime64[us]")
    mention = np.arange(len(rows))
    facts: dict[str, dict[str, Any]] = {
        "consents": {
            "mention": mention,
            "purpose": purpose,
            "channel": channel,
            "state": state,
            "occurred_at": moments,
            "method": method,
            "policy_version": policy,
            "language": language,
        },
        "events": {
            "mention": mention,
            "kind": np.full(len(rows), EventKind.CONSENT_CHANGED.value),
            "occurred_at": moments,
            "item": [f"{p}:{s}"[:24] for p, s in zip(purpose, state, strict=True)],
            "channel": [c or None for c in channel],
        },
    }
    keys = [Keys(IdentifierKind.LOYALTY_NUMBER, number, every), Keys(IdentifierKind.EMAIL, email, every)]
    return Batch(lines, np.array(line, dtype=np.int64), consent_id, keys=keys, facts=facts, rejects=rejects)


def _row(document: dict[str, Any]) -> tuple[Any, ...]:
    subject = document.get("subject")
    if not isinstance(subject, dict):
        raise j.Unreadable("subject", subject, "an object with loyalty_number or email")
    number = j.text(subject, "loyalty_number", longest=20, required=False, path="subject.")
    email = j.text(subject, "email", longest=254, required=not number, path="subject.")
    return (
        j.text(document, "consent_id", longest=64),
        number,
        email,
        j.one_of(document, "purpose", PURPOSES),
        j.one_of(document, "channel", CHANNELS, required=False) or "",
        j.one_of(document, "state", STATES),
        j.utc(j.moment(document, "at")),
        j.text(document, "method", longest=40),
        j.text(document, "policy_version", longest=40),
        j.text(document, "language", longest=8, required=False),
    )


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The consent id of each line."""
    return j.scanned(lines, lambda document: document["consent_id"])


CONNECTOR = Connector(
    name="consents",
    title="Consent records",
    family=Family.CRM,
    format="NDJSON",
    version="1",
    purpose=Purpose.LEGAL_OBLIGATION,
    fields=FIELDS,
    read=read,
    scan=scan,
    recognises=lambda sample: 0.9 * sample.has("consent_id", "purpose", "state"),
    specification="ours",
)
