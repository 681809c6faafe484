"""The five checks of the brief. Each says what it measured and against which limit; what is not measured says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from analytics.people import ask
from iaros.lib import clock, sql
from profiles.golden import provenance
from profiles.sources.catalogue import CONNECTORS

PASSED, WARNING, FAILING, NOT_MEASURED = "passed", "warning", "failing", "not measured"
STALE_AFTER = timedelta(days=7)
SAMPLED_BUCKETS = 16

_MODELS_SQL = """
SELECT v.name, bool_or(a.alias = 'champion') IS TRUE AS has_champion
FROM segmentation_modelversion v
LEFT JOIN segmentation_modelalias a ON a.version_id = v.id
GROUP BY v.name
UNION ALL
SELECT 'recommend_' || kind, bool_or(is_champion) FROM recommendations_recommenderversion GROUP BY kind
ORDER BY name
"""
_SOURCES_SQL = """
SELECT DISTINCT ON (s.name) s.name, r.state, r.problem, r.started_at, r.finished_at
FROM profiles_source s
JOIN profiles_ingestrun r ON r.source_id = s.id
ORDER BY s.name, r.started_at DESC
"""
_REQUESTS_SQL = """
SELECT count(*) AS open, count(*) FILTER (WHERE due_at < %(now)s) AS overdue, min(due_at) AS next_due_at
FROM privacy_rightsrequest
WHERE completed_at IS NULL AND state NOT IN ('done', 'completed', 'refused')
"""


@dataclass(frozen=True)
class Check:
    """One check: its state, a sentence with the figures, and when it was measured."""

    name: str
    title: str
    state: str
    text: str
    as_of: datetime


def checks(agreement: Agreement | None) -> list[Check]:
    """All five; `agreement` is what the last refresh measured."""
    return [enrichment(agreement), models(), latency(), sources(), privacy()]


@dataclass(frozen=True)
class Agreement:
    """Published values of profiles with several mentions, and those on which the sources agree by weight."""

    as_of: datetime
    published: int
    agreed: int

    @property
    def share(self) -> float | None:
        return self.agreed / self.published if self.published else None


def agreement(as_of: datetime) -> Agreement:
    """Measured on one bucket in sixteen; a value is agreed when its confidence reaches the least trusted source's."""
    fewest = int(min((c.trust for c in CONNECTORS.values() if c.trust > 0), default=0.0) * 255)
    published = agreed = 0
    for row in ask("agreement.sql", person="e.id", last_bucket=SAMPLED_BUCKETS - 1):
        sure = [byte for at, byte in provenance.fields_of(row["first"], bytes(row["fields"])) if at != provenance.NONE]
        published += row["profiles"] * len(sure)
        agreed += row["profiles"] * sum(byte >= fewest for byte in sure)
    return Agreement(as_of, published, agreed)


def enrichment(measured: Agreement | None) -> Check:
    """Whether the sources agree on what we publish, against `profile.enrichment_accuracy_threshold`."""
    name, title = "enrichment", "Enrichment accuracy"
    limit = settings.INTELLIGENCE.profile.enrichment_accuracy_threshold
    if measured is None or measured.share is None:
        return Check(name, title, NOT_MEASURED, "No profile has two mentions to compare yet.", clock.now())
    state = PASSED if measured.share >= limit else WARNING
    text = f"Sources agree on {measured.share:.1%} of {measured.published:,} published values (limit {limit:.1%})."
    return Check(name, title, state, text, measured.as_of)


def models() -> Check:
    """Whether every model that was trained has a champion."""
    rows = sql.query(_MODELS_SQL)
    without = [row["name"] for row in rows if not row["has_champion"]]
    if not rows:
        state, text = NOT_MEASURED, "No model was trained yet."
    elif without:
        state, text = WARNING, f"No champion: {', '.join(without)}. Their routes answer with the fallback."
    else:
        state, text = PASSED, f"All {len(rows)} models have a champion. Drift is not measured."
    return Check("models", "Models", state, text, clock.now())


def latency() -> Check:
    """The latency of answers is exported at /metrics; nothing gathers it here."""
    text = "Latency is exported at /metrics and gathered by the airline's Prometheus, not here."
    return Check("latency", "Latency of answers", NOT_MEASURED, text, clock.now())


def sources() -> Check:
    """Whether every feed came in, lately and without a failure, and whether as many are connected as configured."""
    now, rows = clock.now(), sql.query(_SOURCES_SQL)
    broken = [row["name"] for row in rows if row["state"] in ("failed", "refused", "interrupted")]
    stale = [row["name"] for row in rows if row["name"] not in broken and _is_stale(row, now)]
    expected = settings.INTELLIGENCE.profile.data_sources
    if broken:
        state, text = FAILING, f"The last run failed: {', '.join(broken)}."
    elif len(rows) < expected:
        state, text = WARNING, f"{len(rows)} feeds have come in, {expected} are expected."
    elif stale:
        state, text = WARNING, f"Nothing for {STALE_AFTER.days} days: {', '.join(stale)}."
    else:
        state, text = PASSED, f"All {len(rows)} feeds came in during the last {STALE_AFTER.days} days."
    return Check("sources", "Data sources", state, text, now)


def _is_stale(row: dict[str, Any], now: datetime) -> bool:
    return now - (row["finished_at"] or row["started_at"]) > STALE_AFTER


def privacy() -> Check:
    """Whether a request of a person is overdue. No read can pass the gate without a ground, so none is counted."""
    now = clock.now()
    row = sql.query(_REQUESTS_SQL, {"now": now})[0]
    if row["overdue"]:
        text = f"{row['overdue']} of {row['open']} open requests are overdue."
        return Check("privacy", "Privacy", FAILING, text, now)
    return Check("privacy", "Privacy", PASSED, f"{row['open']} open requests, none overdue.", now)
