"""Stored mappings of columns: which is in force for a feed, a new wording, and the feed as it reads by one."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from iaros.accounts.models import User
from privacy import audit
from profiles.models import ColumnMapping
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Connector

LONGEST_NAME, MOST_COLUMNS = 200, 500


class CannotMap(Exception):
    """The mapping does not fit the feed; says why, and nothing was stored."""


def current(source: str) -> ColumnMapping | None:
    """The wording in force, or None where the feed is read by its own names alone."""
    return ColumnMapping.objects.filter(source=source).order_by("-version", "-id").first()


def applied(connector: Connector) -> Connector:
    """The feed as it reads now: by the airline's own names beside its own, if a mapping is stored."""
    stored = current(connector.name) if connector.mapped else None
    return connector.mapped(stored.columns) if stored and connector.mapped and stored.columns else connector


def checked(connector: Connector | None, columns: Mapping[str, str]) -> dict[str, str]:
    """Their name -> ours, trimmed. Raises CannotMap."""
    if connector is None or connector.mapped is None:
        raise CannotMap("the feed has a format of its own, so its columns are not mapped")
    told = {theirs.strip(): ours.strip() for theirs, ours in columns.items() if theirs.strip() and ours.strip()}
    known = {one.name for one in connector.fields}
    faults = [f"{ours!r} is not a field of {connector.name}" for ours in told.values() if ours not in known]
    faults += [f"{theirs[:40]!r} is too long" for theirs in told if len(theirs) > LONGEST_NAME]
    by_ours: dict[str, str] = {}
    for theirs, ours in told.items():
        if ours in by_ours:
            faults.append(f"{by_ours[ours]!r} and {theirs!r} both mean {ours!r}")
        by_ours[ours] = theirs
    if len(told) > MOST_COLUMNS:
        faults.append(f"{len(told)} columns; at most {MOST_COLUMNS}")
    if faults:
        raise CannotMap("; ".join(faults[:10]))
    return told


@transaction.atomic
def save(*, source: str, columns: Mapping[str, str], by: User | None) -> ColumnMapping:
    """Store a new wording, in force from the next run on; one that says the same as before is not stored again.

    Raises CannotMap.
    """
    told = checked(CONNECTORS.get(source), columns)
    before = ColumnMapping.objects.select_for_update().filter(source=source).order_by("-version", "-id").first()
    if before and before.columns == told:
        return before
    version = before.version + 1 if before else 1
    stored = ColumnMapping.objects.create(source=source, version=version, columns=told, actor=by)
    audit.record(action="mapped the columns of a feed", actor=by, details={"source": source, "version": version})
    return stored
