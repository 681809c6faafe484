"""Segments by the hundred that each mean something: RFM cells, lifecycle, value, and where habits cross.

Each family divides the base: a customer is in one cell of it at most, so a family costs one membership. Cells that stay
empty are drafted like the others and show as such on the health board.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from iaros.lib.purposes import Channel, Purpose
from segmentation.features import rfm
from segmentation.models import SegmentKind

Conditions = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Cell:
    """A segment to be: what it is called, where it comes from, and its rule."""

    slug: str
    name: str
    description: str
    kind: SegmentKind
    rule: dict[str, Any]
    purpose: Purpose = Purpose.MARKETING
    channel: Channel = Channel.EMAIL


@dataclass(frozen=True)
class Side:
    """One part of a habit: its slug, how it is called, and what holds for it."""

    slug: str
    name: str
    conditions: Conditions


def _where(feature: str, op: str, value: float | None = None) -> dict[str, Any]:
    return {"feature": feature, "op": op} if value is None else {"feature": feature, "op": op, "value": value}


def _between(feature: str, low: float, below: float) -> Conditions:
    return (_where(feature, ">=", low), _where(feature, "<", below))


_BOOKED = _where("booking:count_730d", ">=", 1)
_OLD = _where("profile:tenure_days", ">", 180)


def _last_booked(up_to: float, over: float | None = None) -> Conditions:
    least = () if over is None else (_where("booking:recency_days", ">", over),)
    return (_OLD, *least, _where("booking:recency_days", "<=", up_to))


LIFECYCLE = (
    Side("prospect", "Prospects", (_where("booking:recency_days", "unknown"), _where("flown:recency_days", "unknown"))),
    Side(
        "passenger",
        "Flown on others' bookings",
        (_where("booking:recency_days", "unknown"), _where("flown:recency_days", "known")),
    ),
    Side("new", "New customers", (_BOOKED, _where("profile:tenure_days", "<=", 180))),
    Side("active", "Active customers", _last_booked(120)),
    Side("cooling", "Cooling customers", _last_booked(270, over=120)),
    Side("lapsing", "Lapsing customers", _last_booked(540, over=270)),
    Side("dormant", "Dormant customers", (_OLD, _where("booking:recency_days", ">", 540))),
)
VALUE = tuple(
    Side(slug, name, (_where("rfm:monetary", "=", fifth),))
    for fifth, slug, name in (
        (5, "top-value", "Top fifth by value"),
        (4, "high-value", "Second fifth by value"),
        (3, "middle-value", "Middle fifth by value"),
        (2, "low-value", "Fourth fifth by value"),
        (1, "least-value", "Last fifth by value"),
    )
)
CABIN = (
    Side("economy", "in economy", (_where("booking:premium_share_730d", "=", 0),)),
    Side(
        "mixed-cabins",
        "in mixed cabins",
        (_where("booking:premium_share_730d", ">", 0), _where("booking:premium_share_730d", "<", 0.5)),
    ),
    Side("premium", "in premium cabins", (_where("booking:premium_share_730d", ">=", 0.5),)),
)
DISTANCE = (
    Side("short", "short-haul", (_where("booking:short_haul_share_730d", ">=", 0.5),)),
    Side(
        "medium",
        "medium-haul",
        (_where("booking:short_haul_share_730d", "<", 0.5), _where("booking:medium_haul_share_730d", ">=", 0.5)),
    ),
    Side(
        "long",
        "long-haul and mixed",
        (_where("booking:short_haul_share_730d", "<", 0.5), _where("booking:medium_haul_share_730d", "<", 0.5)),
    ),
)
WAY = (
    Side("direct", "booking with us", (_where("booking:direct_share_730d", ">=", 0.5),)),
    Side("agency", "booking by agency", (_where("booking:agency_share_730d", ">", 0.5),)),
    Side(
        "other-ways",
        "booking in several ways",
        (_where("booking:direct_share_730d", "<", 0.5), _where("booking:agency_share_730d", "<=", 0.5)),
    ),
)
AHEAD = (
    Side("late", "late", (_where("booking:lead_days_mean_730d", "<=", 14),)),
    Side(
        "in-time",
        "some weeks ahead",
        (_where("booking:lead_days_mean_730d", ">", 14), _where("booking:lead_days_mean_730d", "<=", 60)),
    ),
    Side("early", "early", (_where("booking:lead_days_mean_730d", ">", 60),)),
)
EXTRAS = (
    Side("no-extras", "no extras", (_where("ancillary:count_730d", "=", 0),)),
    Side(
        "some-extras", "some extras", (_where("ancillary:count_730d", ">", 0), _where("ancillary:count_730d", "<", 4))
    ),
    Side("many-extras", "many extras", (_where("ancillary:count_730d", ">=", 4),)),
)
PARTY = (
    Side("alone", "alone", (_where("booking:party_size_mean_730d", "<", 1.5),)),
    Side(
        "in-twos",
        "in twos",
        _between("booking:party_size_mean_730d", 1.5, 2.5),
    ),
    Side("in-groups", "in groups", (_where("booking:party_size_mean_730d", ">=", 2.5),)),
)
VISITS = (
    Side("no-visit", "not seen online this month", (_where("web:visits_30d", "=", 0),)),
    Side("few-visits", "seen online this month", _between("web:visits_30d", 1, 5)),
    Side("many-visits", "often online this month", (_where("web:visits_30d", ">=", 5),)),
)
APP = (
    Side("without-app", "without the app", (_where("web:app_opens_90d", "=", 0),)),
    Side("with-app", "with the app", (_where("web:app_opens_90d", ">=", 1),)),
)
LOYALTY = (
    Side("no-member", "no members", (_where("loyalty:tier_rank", "=", 0),)),
    Side("first-step", "first step", (_where("loyalty:tier_rank", "=", 1),)),
    Side("higher-steps", "silver and above", (_where("loyalty:tier_rank", ">=", 2),)),
)

AGE = (
    Side("under-30", "under 30", (_where("profile:age_years", "<", 30),)),
    Side("30-to-44", "30 to 44 years old", _between("profile:age_years", 30, 45)),
    Side("45-to-59", "45 to 59 years old", _between("profile:age_years", 45, 60)),
    Side("60-and-over", "60 and over", (_where("profile:age_years", ">=", 60),)),
    Side("age-unknown", "of unknown age", (_where("profile:age_years", "unknown"),)),
)
SEASON = (
    Side("summer", "summer flyers", (_where("flown:summer_share_730d", ">=", 0.5),)),
    Side(
        "winter",
        "winter flyers",
        (_where("flown:summer_share_730d", "<", 0.5), _where("flown:winter_share_730d", ">=", 0.5)),
    ),
    Side(
        "all-year",
        "flyers all year",
        (_where("flown:summer_share_730d", "<", 0.5), _where("flown:winter_share_730d", "<", 0.5)),
    ),
)
ROUTES = (
    Side("one-route", "always on one route", (_where("booking:top_route_share_730d", ">=", 0.99),)),
    Side("favourite-route", "with a favourite route", _between("booking:top_route_share_730d", 0.5, 0.99)),
    Side("many-routes", "on many routes", (_where("booking:top_route_share_730d", "<", 0.5),)),
)
PACE = (
    Side("faster", "booking more than a year ago", (_where("booking:trend_365d", ">=", 1.2),)),
    Side("steady", "booking as a year ago", _between("booking:trend_365d", 0.8, 1.2)),
    Side("slower", "booking less than a year ago", (_where("booking:trend_365d", "<", 0.8),)),
)
MAIL = (
    Side("not-written-to", "not written to this year", (_where("message:sent_count_365d", "=", 0),)),
    Side(
        "never-opens",
        "never opening mail",
        (_where("message:sent_count_365d", ">=", 1), _where("message:opened_count_365d", "=", 0)),
    ),
    Side("sometimes-opens", "sometimes opening mail", _between("message:opened_count_365d", 1, 4)),
    Side("often-opens", "often opening mail", (_where("message:opened_count_365d", ">=", 4),)),
)
TROUBLE = (
    Side("on-time", "without a disruption this year", (_where("trip_day:disrupted_count_365d", "=", 0),)),
    Side("disrupted", "disrupted this year", (_where("trip_day:disrupted_count_365d", ">=", 1),)),
)
SERVICE = (
    Side("no-contact", "not in touch with service", (_where("service:contact_count_365d", "=", 0),)),
    Side("contact", "in touch with service", (_where("service:contact_count_365d", ">=", 1),)),
)
BAGS = (
    Side("hand-luggage", "with hand luggage", (_where("trip_day:bag_checked_count_730d", "=", 0),)),
    Side("checked-bags", "with checked bags", (_where("trip_day:bag_checked_count_730d", ">=", 1),)),
)


def cells() -> tuple[Cell, ...]:
    """Every segment of every family, always in the same order."""
    return (
        *_rfm_cells(),
        *_single("lifecycle", LIFECYCLE, "Where customers stand in their life with the airline."),
        *_single("value", VALUE, "Fifths of the base by money spent in two years."),
        *_crossed("travel", (LIFECYCLE[2:], CABIN, DISTANCE, WAY), "Lifecycle, cabin, distance and way of booking."),
        *_crossed("habit", (VALUE, AHEAD, EXTRAS, PARTY), "Value, booking ahead, extras and party."),
        *_crossed("attention", (LIFECYCLE, VISITS, APP), "Lifecycle, visits of the site and the app."),
        *_crossed("standing", (LIFECYCLE[2:], LOYALTY, VALUE), "Lifecycle, loyalty and value."),
        *_crossed("age-stage", (LIFECYCLE, AGE), "Lifecycle and age."),
        *_crossed("age-value", (VALUE, AGE), "Value and age."),
        *_crossed("season", (VALUE, SEASON, DISTANCE), "Value, season and distance."),
        *_crossed("routes", (VALUE, ROUTES, AHEAD), "Value, routes and booking ahead."),
        *_crossed("pace", (VALUE, PACE, LOYALTY), "Value, pace of booking and loyalty."),
        *_crossed("mail", (LIFECYCLE, MAIL), "Lifecycle and what becomes of our mail."),
        *_crossed("care", (VALUE, TROUBLE, SERVICE, LOYALTY), "Value, disruptions, contacts with service and loyalty."),
        *_crossed("luggage", (VALUE, BAGS, EXTRAS, DISTANCE), "Value, bags, extras and distance."),
    )


def _rfm_cells() -> Iterator[Cell]:
    for r, f, m in product(range(5, 0, -1), repeat=3):
        cell = 100 * r + 10 * f + m
        yield Cell(
            slug=f"rfm-{cell}",
            name=f"RFM {cell}: {rfm.name_of(cell)}",
            description=f"Recency in fifth {r}, frequency in fifth {f}, money in fifth {m}; 5 is the best fifth.",
            kind=SegmentKind.RFM,
            rule={"all": [_where("rfm:cell", "=", cell)]},
        )


def _single(family: str, sides: tuple[Side, ...], description: str) -> Iterator[Cell]:
    for side in sides:
        rule = {"all": list(side.conditions)}
        yield Cell(f"{family}-{side.slug}", side.name, description, SegmentKind.LATTICE, rule)


def _crossed(family: str, habits: tuple[tuple[Side, ...], ...], description: str) -> Iterator[Cell]:
    for sides in product(*habits):
        yield Cell(
            slug=f"{family}-" + "-".join(side.slug for side in sides),
            name=", ".join(side.name for side in sides),
            description=description,
            kind=SegmentKind.LATTICE,
            rule={"all": [condition for side in sides for condition in side.conditions]},
        )
