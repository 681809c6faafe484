"""The rules of quality, declared: what is measured of which source, and how much may fail.

A rule is a row. Those about runs read counts and are measured after every run; those about references join tables in
sets and are measured nightly. Each gives what it checked and what failed, by source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db import connection

from iaros.lib import sql
from privacy import subjects
from profiles.models import Dimension
from profiles.person_values import unpacked
from profiles.sources.catalogue import CONNECTORS

PACKAGE = "profiles.quality"
SAMPLED = 300
FEWEST_RUNS = 5


@dataclass(frozen=True)
class Found:
    """What a rule found of one source: `checked` cases, of which `failed`; `value` is the share as it should be."""

    source_id: int
    checked: int
    failed: int
    said: str = ""

    @property
    def value(self) -> float:
        return 1.0 - self.failed / self.checked if self.checked else 1.0


Measure = Callable[[Mapping[int, str], datetime], list[Found]]


@dataclass(frozen=True)
class Rule:
    """`may_fail` is the share of cases that may fail before the rule counts as broken."""

    name: str
    title: str
    dimension: Dimension
    measure: Measure
    may_fail: float = 0.0
    nightly: bool = True


def _counted(file: str) -> Measure:
    """A rule that is one SQL statement: source_id, checked, failed."""

    def measure(sources: Mapping[int, str], now: datetime) -> list[Found]:
        rows = sql.fetch(PACKAGE, file, now=now)
        return [Found(r["source_id"], r["checked"], r["failed"]) for r in rows if r["source_id"] in sources]

    return measure


_LAST_SQL = """
SELECT source_id, max(started_at) AS last FROM profiles_ingestrun
WHERE state = 'done' AND started_at <= %(now)s GROUP BY source_id
"""
_VOLUMES_SQL = """
SELECT source_id, read FROM (
    SELECT source_id, read, started_at, row_number() OVER (PARTITION BY source_id ORDER BY started_at DESC) AS nth
    FROM profiles_ingestrun WHERE state = 'done' AND read > 0 AND started_at <= %(now)s
) newest WHERE nth <= 15 ORDER BY source_id, nth
"""


def _fresh(sources: Mapping[int, str], now: datetime) -> list[Found]:
    """Whether the last run is younger than the source's own limit."""
    found = []
    for row in sql.query(_LAST_SQL, {"now": now}):
        connector = CONNECTORS.get(sources.get(row["source_id"], ""))
        if connector:
            hours = (now - row["last"]).total_seconds() / 3600
            late = hours > connector.freshness_hours
            found.append(
                Found(row["source_id"], 1, int(late), f"{hours:.0f} h old, {connector.freshness_hours} h allowed")
            )
    return found


def _usual_volume(sources: Mapping[int, str], now: datetime) -> list[Found]:
    """Whether the last run has as many rows as runs of the source have: within a third, or four times their spread."""
    volumes: dict[int, list[int]] = {}
    for row in sql.query(_VOLUMES_SQL, {"now": now}):
        volumes.setdefault(row["source_id"], []).append(row["read"])
    found = []
    for source_id, (last, *before) in volumes.items():
        if source_id in sources and len(before) >= FEWEST_RUNS:
            usual = median(before)
            spread = 1.4826 * median(abs(each - usual) for each in before)
            odd = abs(last - usual) > max(usual / 3, 4 * spread)
            found.append(Found(source_id, 1, int(odd), f"{last:,} rows, usually {usual:,.0f}"))
    return found


def _filled(sources: Mapping[int, str], now: datetime) -> list[Found]:
    """How many of the personal fields that a source usually fills are filled, in a sample of its latest records."""
    found = []
    for source_id, name in sources.items():
        connector = CONNECTORS.get(name)
        if connector is None or not connector.about_people:
            continue
        rows = sql.fetch(PACKAGE, "latest_records.sql", source=source_id, most=SAMPLED)
        keys = subjects.landing_sealers({row["key_id"] for row in rows})
        values = [
            unpacked(keys[r["key_id"]].open(r["cipher"], b"record:" + r["id"].bytes))
            for r in rows
            if r["key_id"] in keys
        ]
        usual = [at for at, column in enumerate(zip(*values, strict=True)) if any(column)]
        checked = len(values) * len(usual)
        if checked:
            missing = sum(1 for row in values for at in usual if row[at] is None)
            found.append(Found(source_id, checked, missing))
    return found


RULES: tuple[Rule, ...] = (
    Rule("rows readable", "Rows that a connector could read", Dimension.VALIDITY,
         _counted("validity.sql"), 0.03, False),
    Rule("a row a key", "Rows that no later row of their file contradicts", Dimension.DUPLICATES,
         _counted("duplicates.sql"), 0.05, False),
    Rule("on time", "A run within the hours its owner set", Dimension.FRESHNESS, _fresh, 0.0, False),
    Rule("as many as usual", "As many rows as runs of the source have", Dimension.VOLUME, _usual_volume, 0.0, False),
    Rule("fields filled", "Personal fields that are filled", Dimension.COMPLETENESS, _filled, 0.5),
    Rule("known people", "Mentions of people whom another source knows", Dimension.REFERENCES,
         _counted("waiting.sql"), 0.2),
    Rule("known members", "Loyalty numbers that a member has", Dimension.REFERENCES, _counted("members.sql"), 0.02),
    Rule("coupons of a booking", "Coupons whose booking is known", Dimension.REFERENCES, _counted("coupons.sql"), 0.1),
    Rule("extras of a booking", "Extras whose booking is known", Dimension.REFERENCES, _counted("extras.sql"), 0.1),
    Rule("passengers of a booking", "Passengers whose booking is there", Dimension.REFERENCES,
         _counted("passengers.sql"), 0.0),
)  # fmt: skip


def breaches(rule: str) -> list[dict[str, object]]:
    """The records behind a rule about references, to be looked at: record, customer, source."""
    statements = {"known members": "members_found.sql"}
    if rule not in statements:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql.text(PACKAGE, statements[rule]))
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
