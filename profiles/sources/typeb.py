"""A file in which Type B messages of several kinds are mixed, as a station's line delivers them.

Each record is handed on to the feed it is of and lands there, as if a file of that feed had brought it. Messages that
no feed claims (movements, loads) wait in quarantine, so that every message is accounted for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.sources import bsm_bpm, pfs, pnl_adl
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Reject, Sample
from profiles.sources.teletype_units import kinds_in

_FEEDS = {
    kind: module.CONNECTOR for module in (pnl_adl, pfs, bsm_bpm) for kind in module.KINDS
}  # a message's identifier -> whose it is
FIELDS = (
    Field("Message", "standard message identifier", "PNL", required=True),
    Field("Text", "text", "NV781/16DEC CPH", Sensitivity.IDENTITY),
)


def kind_of(raw: bytes) -> str:
    """The identifier of the message that a record is of."""
    lines = raw[:80].decode(errors="replace").upper().split("\n")
    return lines[1] if lines[0].startswith("=DAY ") and len(lines) > 1 else lines[0]


def whose(raw: bytes) -> str:
    """The feed that a record is of; blank where none claims it."""
    feed = _FEEDS.get(kind_of(raw))
    return feed.name if feed else ""


def read(header: bytes | None, lines: Lines) -> Batch:
    """What no feed claims is set aside."""
    wanted = ", ".join(_FEEDS)
    rejects = [
        Reject(at, "message", "unrecognised", f"one of {wanted}; found {kind_of(raw)[:20]}")
        for at, raw in enumerate(lines.raw)
    ]
    return Batch(lines, np.empty(0, dtype=np.int64), [], rejects=rejects, facts={})


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The native key of each record, under the name of the feed it is of."""
    found: list[tuple[int, str]] = []
    for feed in dict.fromkeys(_FEEDS.values()):
        at = [i for i, raw in enumerate(lines.raw) if whose(raw) == feed.name]
        part = Lines([lines.raw[i] for i in at], lines.rows[at])
        line, keys = feed.scan(header, part)
        found += [(at[i], f"{feed.name}:{key}") for i, key in zip(line.tolist(), keys, strict=True)]
    found.sort()
    return np.array([i for i, _ in found], dtype=np.int64), [key for _, key in found]


def recognises(sample: Sample) -> float:
    """A file of messages of several kinds, at least one of which a feed claims."""
    return 0.8 if any(kind in _FEEDS for kind in kinds_in(sample.head)) else 0.0


CONNECTOR = Connector(
    name="typeb",
    title="Type B messages, mixed",
    family=Family.PSS,
    format="Type B",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    freshness_hours=2,
    framing=Framing.TELETYPE,
    introduces=False,
    recognises=recognises,
    specification="IATA Systems and Communications Reference: addresses, origin, identifier, text",
    hands_on=whose,
)
