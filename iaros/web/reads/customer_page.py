"""The page of one person: what stands above every part, and the overview put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from analytics.people import data_as_of
from iaros.intelligence import Reader, UnknownCustomer
from iaros.web.formats import NONE, age, day, major_money, money, number, share, words
from iaros.web.reads import people
from iaros.web.reads import timeline as timelines
from iaros.web.reads.customers import Trait, Who, traits, who_is
from privacy import consent
from profiles import selectors as profiles
from profiles.selectors import CustomerProfile
from recommendations import selectors as recommendations
from recommendations.ranking.ordering import Fallback

FALLBACKS = {
    Fallback.PERSONALISED: "personalised",
    Fallback.OWN_HISTORY: "from the person's own history",
    Fallback.POPULAR_FROM_HOME: "popular from the home airport",
    Fallback.POPULAR_OVERALL: "popular with everybody",
    Fallback.NOTHING: "nothing to go by",
}
RECENT = 200
LOOSE = 6


@dataclass(frozen=True)
class HeadFact:
    label: str
    value: str
    detail: str
    tone: str = ""


@dataclass(frozen=True)
class Tab:
    title: str
    slug: str
    count: int | None = None


@dataclass(frozen=True)
class Frame:
    """What stands above every part of a person's page."""

    customer_id: UUID
    who: Who
    traits: list[Trait]
    facts: people.Facts
    head_facts: list[HeadFact]
    badges: list[people.ConsentBadge]
    records: list[people.RecordLine]
    pills: list[people.SourcePill]
    segments: list[people.HeldSegment]
    scores: list[people.ScoreLine]
    trips: list[timelines.Trip] = field(default_factory=list)
    recent: list[timelines.Happening] = field(default_factory=list)


def profile(customer_id: UUID, reader: Reader) -> CustomerProfile:
    """The golden profile, masked unless the reader reveals; raises UnknownCustomer."""
    found = profiles.profile_of(customer_id, purpose=reader.purpose, reveal=reader.reveal)
    if found is None:
        raise UnknownCustomer
    return found


def frame(customer_id: UUID, reader: Reader) -> Frame:
    golden = profile(customer_id, reader)
    now = data_as_of()
    told = people.facts(customer_id, reader.purpose, now)
    scores = people.scores(customer_id, reader.purpose)
    records = people.records(customer_id, reader.purpose)
    recent = timelines.timeline(customer_id, reader.purpose, limit=RECENT).happenings
    trips = timelines.trips(customer_id, reader.purpose, recent, now)
    return Frame(
        customer_id=customer_id,
        who=who_is(golden),
        traits=traits(golden),
        facts=told,
        head_facts=_head_facts(told, scores, trips, now),
        badges=people.consent_badges(consent.states(customer_id)),
        records=records,
        pills=people.pills(records),
        segments=people.segments(customer_id, reader.purpose),
        scores=scores,
        trips=trips,
        recent=recent,
    )


def _head_facts(
    told: people.Facts, scores: list[people.ScoreLine], trips: list[timelines.Trip], now: datetime
) -> list[HeadFact]:
    by_name = {score.name: score for score in scores}
    ahead = min((trip for trip in trips if trip.when == "Upcoming" and not trip.cancelled), key=_leaves, default=None)
    return [
        _value(by_name.get("value_12m")),
        _churn(by_name.get("churn_90d")),
        HeadFact("Revenue, 12 months", money(told.revenue_minor), f"{told.bookings} bookings, {told.flights} flights"),
        HeadFact("Points", number(told.points), "earned less redeemed"),
        HeadFact("Next trip", f"in {age(ahead.departs_at - now)}" if ahead else NONE, _where(ahead)),
        HeadFact("Last seen", day(told.last_at), f"{number(told.events)} events"),
    ]


def _leaves(trip: timelines.Trip) -> datetime:
    return trip.departs_at


def _where(ahead: timelines.Trip | None) -> str:
    return f"{ahead.route}, {day(ahead.departs_at)}" if ahead else "nothing booked"


def _value(score: people.ScoreLine | None) -> HeadFact:
    if score is None:
        return HeadFact("Value, 12 months", NONE, "no champion")
    interval = f"{major_money(score.low)} to {major_money(score.high)}" if score.low is not None else ""
    return HeadFact("Value, 12 months", major_money(score.value), interval)


def _churn(score: people.ScoreLine | None) -> HeadFact:
    if score is None:
        return HeadFact("Churn, 90 days", NONE, "no champion")
    interval = f"{share(score.low, 0)} to {share(score.high, 0)}" if score.low is not None else ""
    return HeadFact("Churn, 90 days", share(score.value, 0), interval, "wrong" if score.value > 0.7 else "")


def tabs(frame: Frame) -> list[Tab]:
    return [
        Tab("Overview", ""),
        Tab("Timeline", "timeline", frame.facts.events),
        Tab("Identities", "identities", len(frame.records)),
        Tab("Traits", "traits", len(frame.traits)),
        Tab("Segments", "segments", len(frame.segments)),
        Tab("Scores", "scores", len(frame.scores)),
        Tab("Recommendations", "recommendations"),
        Tab("Consent", "consent", len(frame.badges)),
        Tab("Audit", "audit"),
    ]


def overview(customer_id: UUID, reader: Reader, frame: Frame) -> dict[str, Any]:
    """Trips by when they are, what happened between them, and what to offer."""
    groups = [{"when": when, "trips": list(found)} for when, found in groupby(frame.trips, key=lambda t: t.when)]
    loose = [each for each in frame.recent if each.booking_id is None][:LOOSE]
    return {"trip_groups": groups, "loose": loose, **offers(customer_id, reader, limit=5)}


def offers(customer_id: UUID, reader: Reader, limit: int = 10) -> dict[str, Any]:
    """What would be offered, in words, and how far the answer had to fall back."""
    found = recommendations.recommend(
        customer_id,
        limit=limit,
        purpose=reader.purpose,
        channel=reader.channel,
        client=f"pages, {reader.actor.get_username()}" if reader.actor else "pages",
    )
    shown = [{**vars(offer), "title": _title(offer.kind, offer.item)} for offer in found.items]
    return {
        "offers": found,
        "shown_offers": [_Shown(**each) for each in shown],
        "fallback": FALLBACKS[Fallback(found.fallback_level)],
    }


@dataclass(frozen=True)
class _Shown:
    """An offer with its name as people say it."""

    item: str
    kind: str
    score: float
    rank: int
    reason: str
    source: str
    propensity: float
    model_version: str
    title: str


def _title(kind: str, item: str) -> str:
    return item.replace("-", "–") if kind == "route" else words(item)
