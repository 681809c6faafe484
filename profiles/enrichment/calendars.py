"""Which trips lie over public holidays of the country somebody lives in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import holidays
import numpy as np
from numpy.typing import NDArray

from profiles.enrichment import runs
from profiles.enrichment.enricher import Enricher
from profiles.enrichment.history import History
from profiles.models import Holiday
from profiles.sources.places import country_of

Calendars = Mapping[tuple[str, int], NDArray[np.datetime64]]
_DAY = np.timedelta64(1, "D")
LONGEST_TRIP = 30  # days; who stays longer is not away because of a holiday


def public_holidays(country: str, year: int, loaded: Calendars | None = None) -> NDArray[np.datetime64]:
    """The public holidays of a country in a year that fall on Monday to Friday: those that were loaded for it, else by
    its law; none where that is not known either."""
    days = (loaded or {}).get((country, year))
    days = _by_law(country, year) if days is None else days
    weekday = (days.astype(np.int64) + 3) % 7
    found: NDArray[np.datetime64] = days[weekday < 5]
    return found


def calendars(countries: Iterable[str]) -> Calendars:
    """Holidays of the whole of these countries as calendars that were taken in tell them, by country and year."""
    found: dict[tuple[str, int], set[date]] = defaultdict(set)
    rows = Holiday.objects.filter(country__in=sorted(countries)).exclude(everywhere=False)
    for country, day in rows.values_list("country", "day"):
        found[country, day.year].add(day)
    return {key: np.array(sorted(days), dtype="datetime64[D]") for key, days in found.items()}


@lru_cache(maxsize=512)
def _by_law(country: str, year: int) -> NDArray[np.datetime64]:
    if country not in holidays.list_supported_countries():
        return np.zeros(0, dtype="datetime64[D]")
    return np.array(sorted(holidays.country_holidays(country, years=year)), dtype="datetime64[D]")


def over_holidays(history: History) -> dict[str, Any]:
    """The share of somebody's trips with a public holiday of their country between the day before and the return."""
    trips, customers = history.trips, history.customers
    home = np.array(
        [customers.country[at] or country_of(origin) for at, origin in zip(trips.customer, trips.origin, strict=True)],
        dtype=object,
    )
    first = trips.departs_at.astype("datetime64[D]") - _DAY
    last = np.where(np.isnat(trips.returns_at), trips.departs_at, trips.returns_at).astype("datetime64[D]")
    last = np.minimum(last, first + LONGEST_TRIP * _DAY)
    over = np.zeros(len(trips), dtype=bool)
    countries = {c for c in home.tolist() if c}
    loaded = calendars(countries) if countries else {}
    for country in countries:
        mine = np.flatnonzero(home == country)
        years = np.unique(np.r_[first[mine].astype("datetime64[Y]"), last[mine].astype("datetime64[Y]")])
        known = [
            public_holidays(country, int(year.astype(np.int64)) + 1970, loaded) for year in years if not np.isnat(year)
        ]
        days = np.sort(np.concatenate(known)) if known else np.zeros(0, dtype="datetime64[D]")
        over[mine] = np.searchsorted(days, last[mine], side="right") > np.searchsorted(days, first[mine], side="left")
    count = runs.total(trips.customer, np.ones(len(trips)), len(customers))
    share = runs.total(trips.customer, over, len(customers)) / np.maximum(count, 1)
    return {"holiday_trip_share": np.where(count > 0, share, np.nan)}


OVER_HOLIDAYS = Enricher(
    "over_holidays",
    "Travels over holidays",
    ("profiles_booking", "profiles_passenger", "profiles_profile", "profiles_holiday"),
    ("holiday_trip_share",),
    "none: counted against the calendar of the country lived in",
    over_holidays,
)
