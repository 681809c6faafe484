"""Who is listed and found: masked names and what lists may show, for one purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from iaros.lib import sql
from iaros.lib.purposes import Purpose
from iaros.web.formats import words
from privacy.consent import gate
from profiles import selectors as profiles
from profiles.knowledge import CandidateValue
from profiles.selectors import CustomerProfile, FieldOrigin

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


def listed(purpose: Purpose, after: UUID | None = None, limit: int = PAGE) -> list[Hit]:
    found = profiles.list_customers(purpose=purpose, after=after, limit=limit)
    return with_scores([_hit(profile) for profile in found], purpose)


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
