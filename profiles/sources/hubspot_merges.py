"""Which HubSpot contacts staff folded into one, one row a merge: both ids are one person from then on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Keys, Lines
from profiles.sources.happenings import account

FIELDS = (
    Field("canonical_vid", "record id", "5555", Sensitivity.PSEUDONYM, required=True, aliases=("canonical-vid",)),
    Field("vid_to_merge", "record id", "11111", Sensitivity.PSEUDONYM, required=True, aliases=("vid-to-merge",)),
    Field("timestamp", "moment", "2026-10-08 15:50:57"),
)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read merges; each is one mention that both ids name."""
    columns = table(header, lines, FIELDS, "hubspot_merges")
    kept = columns.text("canonical_vid", required=True, longest=40)
    folded = columns.text("vid_to_merge", required=True, longest=40)
    columns.stamps("timestamp", required=False)
    every = np.ones(len(columns), dtype=bool)
    keys = [Keys(IdentifierKind.ACCOUNT, account("hubspot", ids), every, Purpose.MARKETING) for ids in (kept, folded)]
    return Batch(lines, columns.line, _native(columns), keys=keys, rejects=columns.rejects)


def _native(columns: Columns) -> list[str]:
    pairs = zip(columns.text("canonical_vid"), columns.text("vid_to_merge"), strict=True)
    return [f"{kept}/{folded}" for kept, folded in pairs]


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Both ids of each merge."""
    columns = table(header, lines, FIELDS, "hubspot_merges", only=["canonical_vid", "vid_to_merge"])
    return columns.line, _native(columns)


CONNECTOR = Connector(
    name="hubspot_merges",
    title="HubSpot merges",
    family=Family.CRM,
    format="CSV, JSON",
    version="v1",
    purpose=Purpose.MARKETING,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    introduces=False,
    freshness_hours=24 * 8,
    recognises=lambda sample: 0.95 * ("vidtomerge" in sample.plain_columns or "vid-to-merge" in sample.members),
    specification="HubSpot API: merge audits of a contact",
)
