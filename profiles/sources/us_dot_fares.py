"""Average fares of city markets by quarter, as the US Department of Transportation publishes them. About nobody.

Consumer Airfare Report, one row a city market and quarter; amounts are US dollars, yield is cents a mile. The position
of the city is left out.
"""

from __future__ import annotations

from iaros.lib.purposes import Purpose
from profiles.sources.contract import Family
from profiles.sources.template import Template, connector
from profiles.sources.told import Told

FIELDS = (
    Told("Year", "whole number", "2021", required=True, to=("key", "fact.year"), low=1970, high=2100),
    Told("quarter", "whole number", "4", required=True, to=("key", "fact.quarter"), low=1, high=4),
    Told("citymarketid", "text", "34576", required=True, to=("key", "fact.market"), longest=40),
    Told("city", "text", "Rochester, NY", required=True, to=("fact.city",), longest=120),
    Told("markets", "whole number", "7", to=("fact.markets",), high=100_000),
    Told("cur_passengers", "whole number", "170560", to=("fact.passengers",), aliases=("passengers",)),
    Told("cur_fare", "amount", "162.92", required=True, to=("fact.fare_minor",), high=100_000, aliases=("fare",)),
    Told("cur_yield", "number", "25.13", to=("fact.yield_minor",), high=10_000),
    Told("distance", "number", "648.2", to=("fact.distance_miles",), high=20_000),
    Told("ly_passengers", "whole number", "42450", to=("fact.passengers_year_before",)),
    Told("ly_fare", "amount", "150.54", to=("fact.fare_year_before_minor",), high=100_000),
)

CONNECTOR = connector(
    Template(
        name="us_dot_fares",
        title="US market fares",
        family=Family.EXTERNAL,
        purpose=Purpose.ANALYTICS,
        fields=FIELDS,
        fact="market_fares",
        currency="USD",
        freshness_hours=24 * 120,
        specification="US DOT, Consumer Airfare Report",
        told_by=("citymarketid", "quarter", "cur_fare"),
    ),
    __doc__,
)
