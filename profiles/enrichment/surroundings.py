"""What tables about nobody add to a person: the metropolitan area of the home airport, what a census says of the region
lived in, and how much warmer it is where somebody travels.

Comes in: the history, and reference tables of airports, areas and weather. Nothing is guessed of the person: an area's
median is the area's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from profiles.enrichment import habits, runs
from profiles.enrichment.enricher import Enricher
from profiles.enrichment.history import History

_METRO_SQL = """
SELECT DISTINCT ON (a.iata) a.iata, a.metro FROM profiles_airport a
WHERE a.iata = ANY(%s) AND a.metro <> '' ORDER BY a.iata, a.publisher, a.ident
"""
_AREA_SQL = """
SELECT DISTINCT ON (s.country, lower(s.name)) s.country, lower(s.name), s.median_income_minor
FROM profiles_areastatistic s
WHERE s.country = ANY(%s) AND s.median_income_minor IS NOT NULL AND s.name <> ''
ORDER BY s.country, lower(s.name), s.year DESC
"""
_WEATHER_SQL = """
SELECT w.airport, w.day, avg(w.warmest_c)
FROM unnest(%s::text[], %s::date[]) AS wanted (airport, day)
JOIN profiles_weatherday w ON w.airport = wanted.airport AND w.day = wanted.day AND w.warmest_c IS NOT NULL
GROUP BY w.airport, w.day
"""


def home_metro(history: History) -> dict[str, Any]:
    """The metropolitan area of the airport that most trips begin at: Kastrup and Malmö may be one."""
    home = habits.home_airport(history)["home_airport"]
    known = dict(_rows(_METRO_SQL, [sorted({airport for airport in home if airport})]))
    return {"home_metro": np.array([known.get(airport) for airport in home], dtype=object)}


def area_income(history: History) -> dict[str, Any]:
    """The median income of the region somebody lives in, of the latest year; of nobody in it."""
    customers = history.customers
    lived_in = [
        (country, region.casefold()) if country and region else None
        for country, region in zip(customers.country, customers.region, strict=True)
    ]
    rows = _rows(_AREA_SQL, [sorted({each[0] for each in lived_in if each})])
    known = {(country, name): income for country, name, income in rows}
    values = [known.get(each) if each else None for each in lived_in]
    return {"area_income_minor": np.array([np.nan if v is None else float(v) for v in values], dtype=float)}


def warmer(history: History) -> dict[str, Any]:
    """By how many degrees it is warmer where trips go than where they begin, on the day of departure, at the mean."""
    trips, count = history.trips, len(history.customers)
    days = trips.departs_at.astype("datetime64[D]")
    flown = ~trips.cancelled & ~np.isnat(days)
    there, here = _warmest(trips.destination, days, flown), _warmest(trips.origin, days, flown)
    difference = there - here
    known = ~np.isnan(difference)
    number = runs.total(trips.customer[known], np.ones(int(known.sum())), count)
    total = runs.total(trips.customer[known], difference[known], count)
    return {"warmer_by_c": np.where(number > 0, total / np.maximum(number, 1), np.nan)}


def _warmest(
    airports: NDArray[np.object_], days: NDArray[np.datetime64], asked: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The warmest temperature at each airport on each day; NaN where no weather is known."""
    wanted = sorted({(a, d) for a, d in zip(airports[asked], days[asked].tolist(), strict=True) if a})
    rows = _rows(_WEATHER_SQL, [[a for a, _ in wanted], [d for _, d in wanted]]) if wanted else []
    known = {(airport, day): degrees for airport, day, degrees in rows}
    pairs = zip(airports, days.tolist(), asked, strict=True)
    return np.array([known.get((a, d), np.nan) if ask else np.nan for a, d, ask in pairs], dtype=float)


def _rows(statement: str, params: list[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


HOME_METRO = Enricher(
    "home_metro",
    "Home area",
    ("profiles_booking", "profiles_passenger", "profiles_profile", "profiles_airport"),
    ("home_metro",),
    "that of the home airport; looked up, not guessed",
    home_metro,
)
AREA_INCOME = Enricher(
    "area_income",
    "Income of the area",
    ("profiles_profile", "profiles_areastatistic"),
    ("area_income_minor",),
    "none of the person: a median of the region, of nobody in it",
    area_income,
)
WARMER = Enricher(
    "warmer",
    "Travels to the warmth",
    ("profiles_booking", "profiles_passenger", "profiles_weatherday"),
    ("warmer_by_c",),
    "none: counted, of trips whose weather is known at both ends",
    warmer,
)
