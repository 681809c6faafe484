"""Public holidays of countries and their regions, as Nager.Date publishes them. About nobody. JSON, or CSV by name."""

from __future__ import annotations

from iaros.lib.purposes import Purpose
from profiles.sources.contract import Family
from profiles.sources.template import Template, connector
from profiles.sources.told import Told

FIELDS = (
    Told("date", "date", "2026-06-05", required=True, to=("key", "fact.day")),
    Told("countryCode", "ISO 3166", "DK", required=True, to=("key", "fact.country")),
    Told("name", "text", "Constitution Day", required=True, to=("key", "fact.name"), longest=120),
    Told("localName", "text", "Grundlovsdag", to=("fact.local_name",), longest=120),
    Told("global", "flag", "true", to=("fact.everywhere",)),
    Told("counties", "list", '["DE-BY"]', to=("key", "fact.regions"), longest=2000),
    Told("types", "list", '["Public"]', to=("fact.types",), longest=200),
)

CONNECTOR = connector(
    Template(
        name="holidays",
        title="Public holidays",
        family=Family.EXTERNAL,
        purpose=Purpose.ANALYTICS,
        fields=FIELDS,
        fact="holidays",
        freshness_hours=24 * 370,
        specification="Nager.Date v3, PublicHolidays",
        told_by=("date", "countryCode", "localName"),
    ),
    __doc__,
)
