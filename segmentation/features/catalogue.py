"""The features of the platform. Adding one is adding a line here; docs/features.md is generated from this file."""

from __future__ import annotations

import zlib

from segmentation.features.families import all_families
from segmentation.features.filters import (
    AGENCY_BOOKINGS,
    ANYTHING,
    APP_OPENS,
    BOOKINGS,
    CANCELLED,
    CHANGED,
    EARNED,
    EXTRA_BAGS,
    EXTRA_WORDS,
    EXTRAS,
    FLIGHTS,
    LATE_BOOKINGS,
    LONG_HAUL,
    OWN_BOOKINGS,
    PREMIUM_BOOKINGS,
    PREMIUM_FLIGHTS,
    REDEEMED,
    SEARCHES,
    SPENDING,
    SUN_SEARCHES,
    VIEWS,
    VISITS,
)
from segmentation.features.grammar import (
    Feature,
    Measure,
    NullPolicy,
    Parity,
    across,
    feature,
)

# The loyalty programme's ladder. Programmes name their steps differently; an unknown name counts as the first step.
TIERS = ("blue", "silver", "gold", "platinum")
TIER_RANK = {"blue": 1, "star": 1, "silver": 2, "nova": 2, "gold": 3, "aurora": 3, "platinum": 4}


def _attribute(
    name: str, description: str, unit: str, nulls: NullPolicy = NullPolicy.NAN, parity: Parity = Parity.LATEST
) -> Feature:
    return Feature(name, description, unit, Measure.ATTRIBUTE, nulls=nulls, parity=parity)


def _quintile(name: str, description: str, unit: str = "1 to 5") -> Feature:
    return Feature(name, description, unit, Measure.QUINTILE, nulls=NullPolicy.NAN, parity=Parity.NONE)


def _extra(code: str) -> tuple[Feature, ...]:
    bought = EXTRAS.narrowed(f"{EXTRA_WORDS[code]} bought", items=(code,))
    return across("ancillary", Measure.COUNT, bought, (365,), stem=code)


# The first features of the platform; models learn from these.
CORE: tuple[Feature, ...] = (
    *across("booking", Measure.COUNT, BOOKINGS, (30, 90, 365, 730)),
    *across("booking", Measure.VALUE_SUM, BOOKINGS, (90, 365, 730)),
    feature("booking", Measure.VALUE_MEAN, BOOKINGS, 730),
    feature("booking", Measure.RECENCY_DAYS, BOOKINGS),
    feature("booking", Measure.GAP_DAYS, BOOKINGS),
    feature("booking", Measure.OVERDUE, BOOKINGS),
    feature("booking", Measure.TREND, BOOKINGS, 180),
    feature("booking", Measure.LEAD_DAYS_MEAN, BOOKINGS, 365),
    feature("booking", Measure.QUANTITY_MEAN, BOOKINGS, 365, label="party_size_mean"),
    feature("booking", Measure.DISTINCT_ITEMS, BOOKINGS, 730, label="routes"),
    feature("booking", Measure.SHARE, BOOKINGS, 730, part=PREMIUM_BOOKINGS, label="premium_share"),
    feature("booking", Measure.SHARE, BOOKINGS, 730, part=LATE_BOOKINGS, label="late_share"),
    feature("booking", Measure.SHARE, BOOKINGS, 730, part=OWN_BOOKINGS, label="direct_share"),
    feature("booking", Measure.SHARE, BOOKINGS, 730, part=AGENCY_BOOKINGS, label="agency_share"),
    feature("booking", Measure.UPCOMING, BOOKINGS),
    feature("booking", Measure.NEXT_DAYS, BOOKINGS),
    feature("booking", Measure.COUNT, CANCELLED, 365, stem="cancelled"),
    feature("booking", Measure.COUNT, CHANGED, 365, stem="changed"),
    *across("flown", Measure.COUNT, FLIGHTS, (30, 90, 180, 365, 730)),
    feature("flown", Measure.RECENCY_DAYS, FLIGHTS),
    feature("flown", Measure.GAP_DAYS, FLIGHTS),
    feature("flown", Measure.OVERDUE, FLIGHTS),
    feature("flown", Measure.TREND, FLIGHTS, 180),
    feature("flown", Measure.SHARE, FLIGHTS, 730, part=LONG_HAUL, label="long_haul_share"),
    feature("flown", Measure.SHARE, FLIGHTS, 730, part=PREMIUM_FLIGHTS, label="premium_share"),
    feature("flown", Measure.DISTINCT_ITEMS, FLIGHTS, 730, label="routes"),
    *across("ancillary", Measure.COUNT, EXTRAS, (90, 365)),
    feature("ancillary", Measure.VALUE_SUM, EXTRAS, 365),
    feature("ancillary", Measure.RECENCY_DAYS, EXTRAS),
    *(one for code in EXTRA_WORDS for one in _extra(code)),
    feature("ancillary", Measure.COUNT, EXTRA_BAGS, 730, stem="extra_bag"),
    feature("ancillary", Measure.RECENCY_DAYS, EXTRA_BAGS, stem="extra_bag"),
    *across("web", Measure.COUNT, SEARCHES, (7, 30, 90), label="searches"),
    feature("web", Measure.COUNT, SUN_SEARCHES, 30, label="sun_searches"),
    feature("web", Measure.DISTINCT_ITEMS, SEARCHES, 30, label="searched_routes"),
    *across("web", Measure.COUNT, VIEWS, (7, 30), label="views"),
    feature("web", Measure.COUNT, VIEWS.narrowed("bag pages viewed", items=("bag",)), 30, label="bag_views"),
    feature("web", Measure.COUNT, VIEWS.narrowed("fare pages viewed", items=("fare",)), 30, label="fare_views"),
    feature("web", Measure.COUNT, APP_OPENS, 30, label="app_opens"),
    feature("web", Measure.RECENCY_DAYS, VISITS),
    *across("points", Measure.QUANTITY_SUM, EARNED, (90, 365), label="earned"),
    feature("points", Measure.QUANTITY_SUM, REDEEMED, 365, label="redeemed"),
    feature("points", Measure.RECENCY_DAYS, EARNED, stem="earned"),
    feature("spend", Measure.VALUE_SUM, SPENDING, 730, label="value_sum"),
    feature("profile", Measure.FIRST_DAYS, ANYTHING, label="tenure_days"),
    feature("profile", Measure.RECENCY_DAYS, ANYTHING, label="silent_days"),
    _attribute("profile:age_years", "Age by year of birth.", "years"),
    _attribute("loyalty:member", "1 for a member of the loyalty programme at the time.", "flag", NullPolicy.ZERO),
    # Today's step was climbed by what came after T: a model that learnt from it would have looked ahead.
    _attribute(
        "loyalty:tier_rank", "Step on the loyalty ladder, 0 for no member.", "step", NullPolicy.ZERO, Parity.NONE
    ),
    _attribute("loyalty:tenure_days", "Days since enrolment in the loyalty programme.", "days"),
    # Who lives and travels with whom is known of today only, not of a moment before.
    _attribute(
        "household:size", "People of the same surname and address, oneself included.", "people", parity=Parity.NONE
    ),
    _attribute(
        "household:companions", "Other people on two trips or more with the customer.", "people", parity=Parity.NONE
    ),
    _attribute(
        "household:lives_with_companions",
        "1 for a household of several, where others travel along.",
        "flag",
        parity=Parity.NONE,
    ),
    _quintile("rfm:recency", "Quintile of the days since the last booking; 5 is the most recent fifth."),
    _quintile("rfm:frequency", "Quintile of the bookings in 730 days; 5 is the most frequent fifth."),
    _quintile("rfm:monetary", "Quintile of the money spent in 730 days; 5 is the highest fifth."),
    _quintile("rfm:cell", "The three quintiles as one number, recency first: 545 is 5, 4, 5.", "111 to 555"),
)


_NAMED = {one.name for one in CORE}
FEATURES: tuple[Feature, ...] = (
    *CORE,
    *{one.name: one for one in all_families() if one.name not in _NAMED}.values(),
)


def _trip(name: str, description: str, unit: str) -> Feature:
    return Feature(f"trip:{name}", description, unit, Measure.TRIP, nulls=NullPolicy.NAN, entity="booking")


# Of one passenger of one booking, as it stood when it was made; combined with the customer's features at that moment.
TRIP_FEATURES: tuple[Feature, ...] = (
    _trip("lead_days", "Days between booking and departure.", "days"),
    _trip("party_size", "People in the booking.", "people"),
    _trip("haul", "0 short, 1 medium, 2 long haul.", "code"),
    _trip("cabin", "0 economy, 1 premium economy, 2 business, 3 first.", "code"),
    _trip("channel", "0 web, 1 app, 2 agency, 3 phone.", "code"),
    _trip("length_days", "Days away; NaN for a one-way trip.", "days"),
    _trip("departure_month", "Month of departure.", "1 to 12"),
    _trip("weekday", "Weekday of departure, 0 is Monday.", "0 to 6"),
    _trip("fare", "This passenger's fare.", "base currency"),
    _trip("domestic", "1 if origin and destination lie in one country.", "flag"),
    _trip("one_way", "1 without a return.", "flag"),
    _trip("winter_sun", "1 for a winter sun destination.", "flag"),
    _trip("children", "Children and infants in the booking.", "people"),
    _trip("child", "1 if this passenger is a child or an infant.", "flag"),
    _trip("booking_class", "Letter of the first flight's booking class, A is 0.", "code"),
)

NAMES: tuple[str, ...] = tuple(one.name for one in FEATURES)
TRIP_NAMES: tuple[str, ...] = tuple(one.name for one in TRIP_FEATURES)
POSITION: dict[str, int] = {name: position for position, name in enumerate(NAMES)}
BY_NAME: dict[str, Feature] = {one.name: one for one in (*FEATURES, *TRIP_FEATURES)}
# A change of any declaration makes another version, so an old vector is never read with a new meaning.
VERSION: int = (
    zlib.crc32(repr([(one.name, one.measure, one.events, one.window, one.part) for one in FEATURES]).encode()) >> 1
)


class UnknownFeature(ValueError):
    """The catalogue has no feature of this name."""


def get(name: str) -> Feature:
    """The declaration called `name`. Raises UnknownFeature."""
    try:
        return BY_NAME[name]
    except KeyError:
        raise UnknownFeature(f"{name!r} is not a feature; see docs/features.md") from None
