"""Who is listed and found: masked names and what lists may show, for one purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from iaros.lib import sql
from iaros.lib.purposes import Purpose
from iaros.web.formats import words
from privacy.consent import gate
from profiles import selectors as profiles
from profiles.knowledge import CandidateValue
from profiles.selectors import CustomerProfile, FieldOrigin
from segmentation.models import EntityKind, Score

PAGE = 50
_FIRST = UUID(int=0)
_SCORES_SQL = """
SELECT s.entity_id AS id, max(s.value) FILTER (WHERE s.name = 'value_12m') AS value,
       max(s.value) FILTER (WHERE s.name = 'churn_90d') AS churn
FROM segmentation_score s
WHERE s.bucket = ANY(%(buckets)s) AND s.customer_id = ANY(%(ids)s) AND s.entity_kind = 'customer'
  AND {gate}
GROUP BY s.entity_id
"""
# The gate and the filters are asked of a stretch of the order, not of everybody who has a score.
_BY_SCORE_SQL = """
WITH stretch AS MATERIALIZED (
    SELECT s.bucket, s.entity_id AS id, s.value FROM segmentation_score s
    WHERE s.entity_kind = 'customer' AND s.name = %(score)s AND (
        %(after)s::uuid IS NULL OR (s.value, s.entity_id) < (
            SELECT last.value, last.entity_id FROM segmentation_score last
            WHERE last.bucket = %(bucket)s::smallint AND last.entity_kind = 'customer'
              AND last.entity_id = %(after)s AND last.name = %(score)s LIMIT 1
        )
    )
    ORDER BY s.value DESC, s.entity_id DESC LIMIT %(stretch)s
), page AS (
    SELECT p.id, stretch.value
    FROM stretch
    JOIN profiles_profile p ON p.bucket = stretch.bucket AND p.id = stretch.id
    JOIN profiles_customer c ON c.bucket = p.bucket AND c.id = p.id
    WHERE c.merged_into IS NULL AND {filters} AND {gate}
    ORDER BY stretch.value DESC, p.id DESC LIMIT %(limit)s
)
SELECT page.id, page.value, (SELECT count(*) FROM stretch) AS looked_at
FROM (VALUES (1)) AS one (n) LEFT JOIN page ON true
ORDER BY page.value DESC, page.id DESC
"""
# What a list of customers may be ordered by, and the score that says it.
ORDERS = {"value": "value_12m", "churn": "churn_90d"}
STRETCH = 2000


@dataclass(frozen=True)
class Hit:
    """A line of the list; `matched_on` names the identifier by which the person was found."""

    id: UUID
    name: str
    matched_on: str
    tier: str | None
    country: str | None
    home_airport: str | None
    updated_at: datetime | None
    value: float | None = None
    churn: float | None = None


def with_scores(lines: list[Hit], purpose: Purpose) -> list[Hit]:
    """The lines with what the models say, in one query."""
    condition, params = gate(purpose, customer="s.customer_id", bucket="s.bucket")
    ids = [line.id for line in lines]
    params |= {"ids": ids, "buckets": sorted({each.bytes[15] for each in ids})}
    told = {row["id"]: row for row in sql.query(_SCORES_SQL.format(gate=condition), params)} if ids else {}
    return [
        Hit(**{**vars(line), "value": told[line.id]["value"], "churn": told[line.id]["churn"]})
        if line.id in told
        else line
        for line in lines
    ]


def _hit(profile: CustomerProfile, matched_on: str = "") -> Hit:
    values = profile.values
    return Hit(
        id=profile.customer_id,
        name=profile.name,
        matched_on=matched_on,
        tier=values.get("tier"),
        country=values.get("country"),
        home_airport=values.get("home_airport"),
        updated_at=profile.updated_at,
    )


def find(query: str, purpose: Purpose, limit: int = PAGE) -> list[Hit]:
    found = profiles.find_customers(query, purpose=purpose, limit=limit)
    return with_scores([_hit(match.profile, match.matched_on) for match in found], purpose)


@dataclass(frozen=True)
class Asked:
    """What a list of customers was asked for; an order that is no score's is newest first."""

    order: str = "newest"
    everyone: bool = False
    tier: str = ""
    country: str = ""
    home_airport: str = ""

    @property
    def filters(self) -> dict[str, Any]:
        clear = {name: getattr(self, name) for name in ("tier", "country", "home_airport")}
        return {**clear, "named": not self.everyone}


def usual_order() -> str:
    """By what they are worth, where a model says so of anybody."""
    return "value" if Score.objects.filter(entity_kind=EntityKind.CUSTOMER, name=ORDERS["value"]).exists() else "newest"


def listed(asked: Asked, purpose: Purpose, after: UUID | None = None, limit: int = PAGE) -> list[Hit]:
    """Those asked for who come after the customer `after`, with what the models say of them."""
    if asked.order in ORDERS:
        ids = _by_score(asked, purpose, after, limit)
        profile = {found.customer_id: found for found in profiles.profiles_of(ids, purpose=purpose)}
        found = [profile[each] for each in ids if each in profile]
    else:
        found = profiles.list_customers(purpose=purpose, after=after, limit=limit, **asked.filters)
    return with_scores([_hit(each) for each in found], purpose)


def _by_score(asked: Asked, purpose: Purpose, after: UUID | None, limit: int) -> list[UUID]:
    """Customers by a score, the highest first: a stretch of them, widened until a page is full or nobody is left."""
    condition, params = gate(purpose, customer="p.id")
    clauses, chosen = profiles.filtered(**asked.filters)
    statement = _BY_SCORE_SQL.format(filters=clauses, gate=condition)
    place = {"after": after, "bucket": after.bytes[15] if after else None, "limit": limit}
    stretch = STRETCH + limit
    while True:
        asked_for = {**params, **chosen, **place, "score": ORDERS[asked.order], "stretch": stretch}
        rows = sql.query(statement, asked_for)
        ids = [row["id"] for row in rows if row["id"]]
        if len(ids) == limit or not rows or rows[0]["looked_at"] < stretch:
            return ids
        stretch *= 8


@dataclass(frozen=True)
class Who:
    """The head of a person's page: masked unless revealed."""

    name: str
    email: str
    phone: str
    loyalty_number: str
    place: str
    tier: str
    tier_status: str
    enrolled_on: date | None
    home_airport: str
    revealed: bool
    records: int


@dataclass(frozen=True)
class Trait:
    """One golden value, masked unless revealed, with the record that gave it."""

    name: str
    value: str
    source: str
    file: str
    confidence: float | None
    received_at: datetime | None
    record_id: UUID | None = None


def who_is(profile: CustomerProfile) -> Who:
    values = {name: value or "" for name, value in profile.values.items()}
    enrolled = values.get("enrolled_on", "")
    return Who(
        name=profile.name,
        email=values.get("email", ""),
        phone=values.get("phone", ""),
        loyalty_number=values.get("loyalty_number", ""),
        place=", ".join(filter(None, (values.get("city"), values.get("country")))),
        tier=values.get("tier", ""),
        tier_status=values.get("tier_status", "") if values.get("tier_status") != "active" else "",
        enrolled_on=date.fromisoformat(enrolled[:10]) if enrolled else None,
        home_airport=values.get("home_airport", ""),
        revealed=profile.revealed,
        records=profile.records,
    )


def traits(profile: CustomerProfile) -> list[Trait]:
    """Every value that is known, in the order of the profile."""
    return [_trait(name, value, profile.origins.get(name)) for name, value in profile.values.items() if value]


@dataclass(frozen=True)
class Candidate:
    """A value that was said beside others, or that is too unsure to stand."""

    name: str
    value: str
    share: float
    published: bool
    least: float
    told_by: str
    record_id: UUID
    received_at: datetime
    more: int


def candidates(found: list[CandidateValue]) -> list[Candidate]:
    """What was said of fields on which sources differ, each with its most trusted witness."""
    return [
        Candidate(
            name=words(each.field),
            value=each.value,
            share=each.probability,
            published=each.published,
            least=each.published_from,
            told_by=words(each.witnesses[0].source),
            record_id=each.witnesses[0].record_id,
            received_at=each.witnesses[0].received_at,
            more=len(each.witnesses) - 1,
        )
        for each in found
    ]


def _trait(name: str, value: str, origin: FieldOrigin | None) -> Trait:
    if origin is None:
        return Trait(words(name), value, "", "", None, None)
    return Trait(
        words(name), value, words(origin.source), origin.file, origin.confidence, origin.received_at, origin.record_id
    )
