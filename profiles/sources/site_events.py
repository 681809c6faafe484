"""What visitors of a site or an app do, whatever a tool calls it: the names of GA4, Segment, RudderStack and Snowplow.

Only names that say something of interest in flying are events of the platform; a scroll or a heartbeat is none.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from profiles.models import EventKind
from profiles.sources.contract import plain
from profiles.sources.places import haul

_VIEWED, _SEARCHED, _OPENED = EventKind.WEB_VIEWED, EventKind.WEB_SEARCHED, EventKind.APP_OPENED
_WORDS = {
    "page": "pageview page viewpage viewedpage",
    "screen": "screenview screen viewscreen",
    "search": "search viewsearchresults searchresultsviewed flightsearch flightsearched searchflights flightssearched "
    "productssearched searchperformed availabilitysearch farequote",
    "login": "login signin signedin loggedin signup signedup accountcreated userregistered",
    "list": "viewitemlist productlistviewed viewedproductcategory productlistfiltered",
    "fare": "viewitem selectitem productviewed viewedproduct productclicked flightselected farecompared",
    "cart": "addtocart productadded addedproduct viewcart cartviewed removefromcart productremoved removedproduct",
    "checkout": "begincheckout checkout checkoutstarted checkoutstepviewed startedcheckout addpaymentinfo "
    "paymentinfoentered",
    "purchase": "purchase ordercompleted completedorder itempurchased transaction trtransaction",
    "promotion": "viewpromotion selectpromotion promotionviewed promotionclicked",
    "video": "videostart videoplaybackstarted videocontentstarted",
    "app": "applicationopened appopen applicationforeground",
}
_NAMES = {name: item for item, names in _WORDS.items() for name in names.split()}
_DAY_LETTERS, _MICROS_A_DAY, _FIRST_OF_1970 = 10, 86_400_000_000, date(1970, 1, 1).toordinal()


@lru_cache(maxsize=10_000)
def meaning(name: str) -> tuple[EventKind, str] | None:
    """The kind of event that a tool's name stands for, and what it is about; None where it is nothing to us."""
    item = _NAMES.get(plain(name))
    if item is None:
        return None
    return _SEARCHED if item == "search" else _OPENED if item == "app" else _VIEWED, item


def route(origin: object, destination: object) -> tuple[str | None, str | None]:
    """A searched route as the platform writes it, and its haul; None where either end is no airport's code."""
    if not isinstance(origin, str) or not isinstance(destination, str):
        return None, None
    return _route(origin, destination)


@lru_cache(maxsize=100_000)
def _route(origin: str, destination: str) -> tuple[str | None, str | None]:
    codes = [end.strip().upper() for end in (origin, destination)]
    if not all(len(code) == 3 and code.isascii() and code.isalpha() for code in codes):
        return None, None
    return "-".join(codes), haul(*codes)


def days_ahead(day: object, at: int) -> int:
    """Days from the moment (microseconds since 1970) to an ISO day; -1 where it is no day, or past."""
    departs = _day_number(day[:_DAY_LETTERS]) if isinstance(day, str) else None
    return -1 if departs is None else min(max(departs - at // _MICROS_A_DAY, -1), 32_000)


@lru_cache(maxsize=10_000)
def _day_number(day: str) -> int | None:
    try:
        return date.fromisoformat(day).toordinal() - _FIRST_OF_1970
    except ValueError:
        return None
