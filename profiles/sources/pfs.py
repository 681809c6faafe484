"""Passenger final sales messages (PFS): who of a flight did not show up, and who flew without a seat booked on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind
from profiles.sources import codes
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines
from profiles.sources.json_lines import Unreadable
from profiles.sources.name_lists import ListColumns, each, read_element, scanned
from profiles.sources.places import haul
from profiles.sources.teletype_units import sure

KINDS = ("PFS",)
FIELDS = (
    Field("Flight", "flight, day, airport", "NV781/16DEC CPH", required=True),
    Field("Destination", "airport", "-LIS"),
    Field("Category", "NOSHO GOSHO NOREC ...", "NOSHO 1Y", required=True),
    Field("Name", "names", "1SOLHEIM/INGRIDMRS", Sensitivity.IDENTITY, required=True),
    Field(".L/", "record locator", "7KQX2M", Sensitivity.PSEUDONYM),
    Field(".R/TKNE", "ticket", "TKNE HK1 8891234567890/1", Sensitivity.PSEUDONYM),
)
# Who flew though the list did not have them; of all other categories nothing is counted.
_FLEW = ("GOSHO", "NOREC", "IDPAD")


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read final sales: a no-show for each who stayed away, boarded for each who came without being on the list."""
    columns = ListColumns()

    def take(line: int, raw: bytes) -> None:
        element = read_element(raw, KINDS)
        if element.people and not element.category:
            raise Unreadable("category", None, "NOSHO, GOSHO or another category before the names")
        mentions, flight = columns.add(line, element), element.flight
        kind = EventKind.NO_SHOW if element.category == "NOSHO" else EventKind.BOARDED
        if not element.people or (kind is EventKind.BOARDED and element.category not in _FLEW):
            return
        for at in mentions:
            columns.fact(
                "events",
                mention=at,
                kind=kind.value,
                occurred_at=np.datetime64(flight.day, "us"),
                item=element.route,
                haul=haul(flight.origin, element.destination),
                cabin=codes.cabin(flight.carrier, element.booking_class, flight.day),
            )

    return columns.batch(lines, each(lines, take))


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The flight, category and first name of each element."""
    return scanned(read(header, lines))


CONNECTOR = Connector(
    name="pfs",
    title="Passenger final sales (PFS)",
    family=Family.PSS,
    format="Type B",
    version="RP 1719",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.3,
    framing=Framing.TELETYPE,
    introduces=False,
    recognises=lambda sample: sure(sample, frozenset(KINDS)),
    specification="IATA Recommended Practice 1719, as public descriptions and samples give it",
)
