"""How often each source is right about each field, learnt from where sources agree and where they do not.

Comes in: the records of a sample of customers who were mentioned by more than one source. Goes out: a reliability a
source and field, by expectation and maximisation of the one-coin model of Dawid and Skene (1979). It refuses to
judge from a handful: a source's own trust counts as so many statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from profiles.golden import spelling
from profiles.golden.survivorship import COPIED
from profiles.models import SourceReliability
from profiles.sources.contract import PERSON_FIELDS

SAMPLED_CUSTOMERS = 5_000
SAMPLED_BUCKETS = range(0, 256, 4)  # a quarter of all, always the same, so that the figures move only with the data
TRUST_COUNTS_AS = 20  # statements
ROUNDS = 30
MOVED = 0.05  # less is noise of the sample, and no reason to write profiles anew
_SAMPLE_SQL = """
SELECT l.customer_id FROM profiles_link l
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
JOIN profiles_message m ON m.id = r.message_id
WHERE l.ended_at IS NULL AND r.superseded_at IS NULL AND r.cipher IS NOT NULL AND l.bucket = ANY(%s::smallint[])
GROUP BY l.customer_id HAVING count(DISTINCT m.source_id) > 1
LIMIT %s
"""

Statement = tuple[int, str]  # source, what its value means, however it is spelt
Question = Sequence[Statement]  # what was stated of one field of one customer


def sample(limit: int = SAMPLED_CUSTOMERS) -> list[bytes]:
    """Customers whom several sources have mentioned."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE_SQL, [list(SAMPLED_BUCKETS), limit])
        return [customer.bytes for (customer,) in cursor.fetchall()]


def estimate(
    questions: Sequence[tuple[str, Question]], trust: dict[int, float]
) -> dict[tuple[int, str], tuple[float, int]]:
    """(source, field) -> (reliability, statements judged). `questions` are (field, statements) with several sources.

    The truth of each question and the reliabilities are estimated in turns until they stand still.
    """
    found: dict[tuple[int, str], float] = {}
    judged: dict[tuple[int, str], int] = defaultdict(int)
    for field, statements in questions:
        for source, _ in statements:
            found[source, field] = trust.get(source, 0.5)
            judged[source, field] += 1
    for _ in range(ROUNDS):
        right: dict[tuple[int, str], float] = defaultdict(float)
        for field, statements in questions:
            belief = _belief(field, statements, found)
            for source, value in statements:
                right[source, field] += belief[value]
        before = dict(found)
        for key, count in judged.items():
            prior = trust.get(key[0], 0.5) * TRUST_COUNTS_AS
            found[key] = (right[key] + prior) / (count + TRUST_COUNTS_AS)
        if max((abs(found[key] - before[key]) for key in found), default=0.0) < 1e-5:
            break
    return {key: (min(max(sure, 0.01), 0.999), judged[key]) for key, sure in found.items()}


def _belief(field: str, statements: Question, found: dict[tuple[int, str], float]) -> dict[str, float]:
    odds: dict[str, float] = defaultdict(lambda: 1.0)
    for source, value in statements:
        sure = min(max(found[source, field], 0.01), 0.999)
        odds[value] *= sure / (1 - sure)
    total = 1.0 + sum(odds.values())
    return {value: weight / total for value, weight in odds.items()}


def questions_of(mentions: Sequence[tuple[int, Sequence[str | None]]]) -> list[tuple[str, Question]]:
    """What one customer's records, each (source, values by PERSON_FIELDS), ask: fields that several sources state.

    Of a source its latest word counts; the records come in the order of time.
    """
    by_field: dict[str, dict[int, str]] = defaultdict(dict)
    for source, values in mentions:
        for field, value in enumerate(values):
            if value:
                by_field[PERSON_FIELDS[field]][source] = spelling.meant(field, str(value))
    return [(name, list(said.items())) for name, said in by_field.items() if len(said) > 1]


def keep(estimates: dict[tuple[int, str], tuple[float, int]], *, at: datetime) -> None:
    """Write what was learnt in place of what was known, where it moved: profiles older than that are outdated."""
    before = {(row.source_id, row.field): row.reliability for row in SourceReliability.objects.all()}
    rows = [
        SourceReliability(source_id=source, field=field, reliability=sure, statements=count, estimated_at=at)
        for (source, field), (sure, count) in sorted(estimates.items())
        if abs(before.get((source, field), 2.0) - sure) >= MOVED
    ]
    SourceReliability.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["source_id", "field"],
        update_fields=["reliability", "statements", "estimated_at"],
    )


def known(trust: dict[int, float], repeating: Collection[int] = ()) -> dict[int, tuple[float, ...]]:
    """source -> how often it is right about each of PERSON_FIELDS: as last estimated, else its trust.

    `repeating`: sources that write the names of the reservation, which then speak neither for nor against one.
    """
    learnt = {
        (source, field): sure
        for source, field, sure in SourceReliability.objects.values_list("source_id", "field", "reliability")
    }
    learnt |= {(source, field): COPIED for source in repeating for field in ("given_name", "surname")}
    return {
        source: tuple(learnt.get((source, field), believed) for field in PERSON_FIELDS)
        for source, believed in trust.items()
    }
