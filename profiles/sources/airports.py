"""Airports with their codes, place and whether airlines fly there, as OurAirports publishes them. About nobody.

The metropolitan area is that of the code table `metro_area`.
"""

from __future__ import annotations

from dataclasses import replace

from iaros.lib.purposes import Purpose
from profiles.sources import codes
from profiles.sources.contract import Batch, Connector, Family, Lines
from profiles.sources.template import Template, connector
from profiles.sources.told import Told

FIELDS = (
    Told("ident", "text", "EKCH", required=True, to=("key", "fact.ident"), longest=10),
    Told("type", "text", "large_airport", required=True, to=("fact.kind",), longest=20),
    Told("name", "text", "Copenhagen Kastrup Airport", required=True, to=("fact.name",), longest=140),
    Told("latitude_deg", "number", "55.617901", required=True, to=("fact.latitude",), low=-90, high=90),
    Told("longitude_deg", "number", "12.656", required=True, to=("fact.longitude",), low=-180, high=180),
    Told("elevation_ft", "number", "17", to=("fact.elevation_ft",), low=-2000, high=30_000),
    Told("iso_country", "ISO 3166", "DK", to=("fact.country",)),
    Told("iso_region", "text", "DK-84", to=("fact.region",), longest=10),
    Told("municipality", "text", "Copenhagen", to=("fact.city",), longest=100),
    Told("scheduled_service", "flag", "yes", to=("fact.scheduled",)),
    Told("iata_code", "IATA airport", "CPH", to=("fact.iata",)),
)
_TEMPLATE = Template(
    name="airports",
    title="Airports",
    family=Family.EXTERNAL,
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    fact="airports",
    freshness_hours=24 * 400,
    specification="OurAirports, airports.csv",
    told_by=("ident", "latitude_deg", "iata_code"),
)


def with_metro(source: Connector, publisher: str) -> Connector:
    """The same with the metropolitan area of each airport, and who tells of it."""
    mapped = source.mapped

    def read(header: bytes | None, lines: Lines) -> Batch:
        batch = source.read(header, lines)
        table = batch.facts["airports"]
        table["metro"] = [codes.lookup("metro_area", iata) or "" if iata else "" for iata in table["iata"]]
        table["publisher"] = [publisher] * len(batch.native_key)
        return replace(batch, native_key=[f"{publisher}/{key}" for key in batch.native_key])

    return replace(source, read=read, mapped=(lambda names: with_metro(mapped(names), publisher)) if mapped else None)


CONNECTOR = with_metro(connector(_TEMPLATE, __doc__), "ourairports")
