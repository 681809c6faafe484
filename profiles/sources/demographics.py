"""What a census says of areas: people, households, medians and shares, one row an area and year. About nobody.

Each census names its columns its own way: map them once.
"""

from __future__ import annotations

from iaros.lib.purposes import Purpose
from profiles.sources.contract import Family
from profiles.sources.template import Template, connector
from profiles.sources.told import Told

FIELDS = (
    Told("Country", "country", "DK", required=True, to=("key", "fact.country"), aliases=("country_code",)),
    Told(
        "Area Code",
        "text",
        "DK01",
        required=True,
        to=("key", "fact.area"),
        longest=40,
        aliases=("area_code", "GEOID", "NUTS", "geo", "Postal Code"),
    ),
    Told(
        "Year", "whole number", "2025", required=True, to=("key", "fact.year"), low=1900, high=2100, aliases=("year",)
    ),
    Told("Area Name", "text", "Hovedstaden", to=("fact.name",), longest=120, aliases=("area_name", "NAME")),
    Told("Level", "text", "NUTS2", to=("fact.level",), longest=20),
    Told(
        "Population",
        "whole number",
        "1900000",
        to=("fact.population",),
        high=2e9,
        aliases=("population", "Total Population"),
    ),
    Told("Households", "whole number", "910000", to=("fact.households",), high=1e9, aliases=("Total Households",)),
    Told("Median Age", "number", "38.4", to=("fact.median_age",), high=120, aliases=("median_age",)),
    Told("Median Income", "amount", "38500", to=("fact.median_income_minor",), aliases=("Median Household Income",)),
    Told("Currency", "ISO 4217", "EUR", to=("fact.currency",)),
    Told("Degree Rate", "number", "0.41", to=("fact.degree_rate",), high=1, aliases=("degree_rate",)),
    Told("Employed Rate", "number", "0.77", to=("fact.employed_rate",), high=1, aliases=("employed_rate",)),
)

CONNECTOR = connector(
    Template(
        name="demographics",
        title="Demographics by area",
        family=Family.EXTERNAL,
        purpose=Purpose.ANALYTICS,
        fields=FIELDS,
        fact="areas",
        freshness_hours=24 * 400,
        told_by=("Area Code", "Year", "Population"),
    ),
    __doc__,
)
