"""Airports as OpenFlights publishes them: fourteen values a line without a header, \\N where one is not known.

About nobody. An airport without an ICAO code goes by its number at the publisher.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.sources.airports import with_metro
from profiles.sources.contract import Batch, Connector, Family, Framing, Lines, Sample
from profiles.sources.template import Template, connector, read, scan
from profiles.sources.told import Told

FIELDS = (
    Told("Airport ID", "text", "609", required=True, to=("key", "fact.number")),
    Told("Name", "text", "Copenhagen Kastrup Airport", required=True, to=("fact.name",), longest=140),
    Told("City", "text", "Copenhagen", to=("fact.city",), longest=100),
    Told("Country", "text", "Denmark", to=("fact.country",), longest=40),
    Told("IATA", "IATA airport", "CPH", to=("fact.iata",)),
    Told("ICAO", "text", "EKCH", to=("fact.ident",), longest=10),
    Told("Latitude", "number", "55.6179", required=True, to=("fact.latitude",), low=-90, high=90),
    Told("Longitude", "number", "12.656", required=True, to=("fact.longitude",), low=-180, high=180),
    Told("Altitude", "number", "17", to=("fact.elevation_ft",), low=-2000, high=30_000),
    Told("Timezone", "text", "1"),
    Told("DST", "text", "E"),
    Told("Tz database timezone", "text", "Europe/Copenhagen", to=("fact.time_zone",), longest=40),
    Told("Type", "text", "airport", to=("fact.kind",), longest=20),
    Told("Source", "text", "OurAirports"),
)
_HEADER = ",".join(one.name for one in FIELDS).encode()
_LINE = re.compile(rb'^\d+,"[^\n]*,"(?:[A-Z0-9]{3,4}|\\N|)"?,')
_TEMPLATE = Template(
    name="openflights_airports",
    title="Airports (OpenFlights)",
    family=Family.EXTERNAL,
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    fact="airports",
    freshness_hours=24 * 400,
    specification="OpenFlights, airports.dat",
)


def _known(lines: Lines) -> Lines:
    return Lines([_NOTHING.sub(b"", raw) for raw in lines.raw], lines.rows)


_NOTHING = re.compile(rb"\\N(?=,|$)")


def _read(header: bytes | None, lines: Lines) -> Batch:
    """Read airports; one without an ICAO code goes by its number at the publisher."""
    batch = read(_TEMPLATE, {}, _HEADER, _known(lines))
    table = batch.facts["airports"]
    numbers = table.pop("number")
    table["ident"] = [icao or f"OF{number}" for icao, number in zip(table["ident"], numbers, strict=True)]
    return replace(batch, lines=lines, native_key=table["ident"])


def _scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    return scan(_TEMPLATE, {}, _HEADER, _known(lines))


def recognises(sample: Sample) -> float:
    """Fourteen values a line, of which the eleventh is a letter for summer time and the last two are words."""
    first = sample.head.split(b"\n", 1)[0].strip()
    return 0.9 * bool(_LINE.match(first) and first.count(b",") >= 13 and _TAIL.search(first))


_TAIL = re.compile(rb',(?:"[EASOZNU]"|\\N),(?:"[^"]*"|\\N),"\w+","\w+"$')

CONNECTOR: Connector = with_metro(
    replace(
        connector(_TEMPLATE, __doc__),
        format="DAT",
        framing=Framing.LINES,
        quoted=True,
        read=_read,
        scan=_scan,
        recognises=recognises,
        mapped=None,
    ),
    "openflights",
)
