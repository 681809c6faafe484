"""The events that features count: each filter is a row here, and its words complete a sentence."""

from __future__ import annotations

from profiles.models import EventKind as K
from segmentation.features.grammar import EventFilter

# Destinations with bathing weather between November and March, by IATA code.
WINTER_SUN = ("LPA", "TFS", "TFN", "ACE", "FUE", "FNC", "AGP", "RAK", "AGA", "HRG", "SSH", "DXB", "BKK", "HKT")
PREMIUM = ("F", "C", "W")
WEEKEND = (6, 7)

BOOKINGS = EventFilter("bookings", (K.BOOKING_MADE,))
LATE_BOOKINGS = BOOKINGS.narrowed("bookings within 7 days of departure", lead_days_to=7)
PREMIUM_BOOKINGS = BOOKINGS.narrowed("premium bookings", cabins=PREMIUM)
OWN_BOOKINGS = BOOKINGS.narrowed("bookings by web or app", channels=("web", "app"))
AGENCY_BOOKINGS = BOOKINGS.narrowed("bookings by an agency", channels=("agency",))
CANCELLED = EventFilter("cancelled bookings", (K.BOOKING_CANCELLED,))
CHANGED = EventFilter("changed bookings", (K.BOOKING_CHANGED,))
FLIGHTS = EventFilter("flights flown", (K.COUPON_FLOWN,))
LONG_HAUL = FLIGHTS.narrowed("long-haul flights", hauls=("L",))
PREMIUM_FLIGHTS = FLIGHTS.narrowed("premium flights", cabins=PREMIUM)
EXTRAS = EventFilter("extras bought", (K.ANCILLARY_BOUGHT,))
SEARCHES = EventFilter("searches", (K.WEB_SEARCHED,))
SUN_SEARCHES = SEARCHES.narrowed("searches for winter sun", destinations=WINTER_SUN)
VIEWS = EventFilter("page views", (K.WEB_VIEWED,))
APP_OPENS = EventFilter("app openings", (K.APP_OPENED,))
VISITS = EventFilter("visits of web or app", (K.WEB_VIEWED, K.WEB_SEARCHED, K.APP_OPENED))
EARNED = EventFilter("points earned", (K.POINTS_EARNED,))
REDEEMED = EventFilter("points redeemed", (K.POINTS_REDEEMED,))
SPENDING = EventFilter("bookings and extras", (K.BOOKING_MADE, K.ANCILLARY_BOUGHT))
ANYTHING = EventFilter("events of any kind", tuple(kind for kind in K if kind is not K.CONSENT_CHANGED))
EXTRA_WORDS = {
    "extra_bag": "extra bags",
    "seat": "seats",
    "meal": "meals",
    "lounge": "lounge visits",
    "priority": "priority services",
    "insurance": "insurances",
    "wifi": "Wi-Fi passes",
    "extra_legroom": "seats with extra legroom",
}
EXTRA_BAGS = EXTRAS.narrowed("extra bags bought", items=("extra_bag",))

# By what bookings, flights and page views fall apart: the stem in a feature's name, and what narrows the filter.
BOOKED_BY = {
    "web": BOOKINGS.narrowed("bookings by web", channels=("web",)),
    "app": BOOKINGS.narrowed("bookings by app", channels=("app",)),
    "agency": AGENCY_BOOKINGS,
    "phone": BOOKINGS.narrowed("bookings by phone", channels=("phone",)),
}
BOOKED_FOR = {
    "economy": BOOKINGS.narrowed("economy bookings", cabins=("Y",)),
    "premium_economy": BOOKINGS.narrowed("premium economy bookings", cabins=("W",)),
    "business": BOOKINGS.narrowed("business class bookings", cabins=("C",)),
    "first": BOOKINGS.narrowed("first class bookings", cabins=("F",)),
    "short_haul": BOOKINGS.narrowed("short-haul bookings", hauls=("S",)),
    "medium_haul": BOOKINGS.narrowed("medium-haul bookings", hauls=("M",)),
    "long_haul": BOOKINGS.narrowed("long-haul bookings", hauls=("L",)),
    "winter_sun": BOOKINGS.narrowed("bookings to winter sun", destinations=WINTER_SUN),
}
BOOKED_AHEAD = {
    "last_minute": BOOKINGS.narrowed("bookings within 3 days of departure", lead_days_to=3),
    "week_ahead": BOOKINGS.narrowed("bookings 4 to 14 days ahead", lead_days_from=4, lead_days_to=14),
    "month_ahead": BOOKINGS.narrowed("bookings 15 to 45 days ahead", lead_days_from=15, lead_days_to=45),
    "season_ahead": BOOKINGS.narrowed("bookings 46 to 120 days ahead", lead_days_from=46, lead_days_to=120),
    "early": BOOKINGS.narrowed("bookings more than 120 days ahead", lead_days_from=121),
}
FLOWN_IN = {
    "economy": FLIGHTS.narrowed("economy flights", cabins=("Y",)),
    "premium_economy": FLIGHTS.narrowed("premium economy flights", cabins=("W",)),
    "business": FLIGHTS.narrowed("business class flights", cabins=("C",)),
    "first": FLIGHTS.narrowed("first class flights", cabins=("F",)),
    "short_haul": FLIGHTS.narrowed("short-haul flights", hauls=("S",)),
    "medium_haul": FLIGHTS.narrowed("medium-haul flights", hauls=("M",)),
    "long_haul": LONG_HAUL,
}
FLOWN_ON = {
    "weekend": FLIGHTS.narrowed("flights at a weekend", weekdays=WEEKEND),
    "monday": FLIGHTS.narrowed("flights on a Monday", weekdays=(1,)),
    "friday": FLIGHTS.narrowed("flights on a Friday", weekdays=(5,)),
    "spring": FLIGHTS.narrowed("flights from March to May", months=(3, 4, 5)),
    "summer": FLIGHTS.narrowed("flights from June to August", months=(6, 7, 8)),
    "autumn": FLIGHTS.narrowed("flights from September to November", months=(9, 10, 11)),
    "winter": FLIGHTS.narrowed("flights from December to February", months=(12, 1, 2)),
}
PAGES = {
    page: VIEWS.narrowed(f"{words} viewed", items=(page,))
    for page, words in {
        "home": "home pages",
        "fare": "fare pages",
        "bag": "bag pages",
        "offers": "offer pages",
        "seat": "seat pages",
        "manage": "manage-booking pages",
    }.items()
}
# Kinds that are counted as they come; a new kind of event is a new row. The view, the stem, and the events.
COUNTED: tuple[tuple[str, str, EventFilter], ...] = (
    ("trip_day", "checked_in", EventFilter("check-ins", (K.CHECKED_IN,))),
    ("trip_day", "bag_checked", EventFilter("bags checked", (K.BAG_CHECKED,))),
    ("trip_day", "boarded", EventFilter("boardings", (K.BOARDED,))),
    ("trip_day", "no_show", EventFilter("no-shows", (K.NO_SHOW,))),
    ("trip_day", "lounge", EventFilter("lounge visits", (K.LOUNGE_VISITED,))),
    ("trip_day", "disrupted", EventFilter("disruptions", (K.DISRUPTION,))),
    ("service", "contact", EventFilter("contacts with service", (K.SERVICE_CONTACT,))),
    ("service", "claim", EventFilter("claims", (K.CLAIM,))),
    ("service", "survey", EventFilter("surveys answered", (K.SURVEY_ANSWERED,))),
    ("message", "sent", EventFilter("messages sent", (K.MESSAGE_SENT,))),
    ("message", "opened", EventFilter("messages opened", (K.MESSAGE_OPENED,))),
    ("message", "clicked", EventFilter("messages clicked", (K.MESSAGE_CLICKED,))),
    ("message", "bounced", EventFilter("messages bounced", (K.MESSAGE_BOUNCED,))),
    ("partner", "stay", EventFilter("stays and drives with partners", (K.PARTNER_STAY,))),
)
# Kinds that carry money beside bookings and extras.
PAID: tuple[tuple[str, str, EventFilter], ...] = (
    ("payment", "refund", EventFilter("refunds", (K.REFUND,))),
    ("payment", "payment", EventFilter("payments", (K.PAYMENT,))),
)
