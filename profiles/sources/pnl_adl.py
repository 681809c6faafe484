"""Passenger name lists and their additions and deletions (PNL, ADL): who is booked on a flight, told before departure.

A record is one passenger element; each name in it is a mention. Remarks are read for the ticket, the member number,
contacts that agencies pass on for disruptions only, and services; passports are held for the law alone.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import agents, codes
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines
from profiles.sources.name_lists import Element, ListColumns, Request, each, read_element, scanned
from profiles.sources.places import haul
from profiles.sources.teletype_units import sure

KINDS = ("PNL", "ADL")
FIELDS = (
    Field("Flight", "flight, day, airport", "NV781/16DEC CPH", required=True),
    Field("Destination and class", "total", "-LIS045Y"),
    Field("ADD CHG DEL", "ADL only", "DEL"),
    Field("Name", "names", "2SOLHEIM/INGRIDMRS/ERIKMR", Sensitivity.IDENTITY, required=True),
    Field(".L/", "record locator", "7KQX2M", Sensitivity.PSEUDONYM),
    Field(".R/TKNE", "ticket", "TKNE HK1 8891234567890/1", Sensitivity.PSEUDONYM),
    Field(".R/FQTV", "member number", "FQTV NV HK1/NV480934", Sensitivity.PSEUDONYM),
    Field(".R/CTCE", "e-mail", "CTCE HK1/INGRID//EXAMPLE.ORG", Sensitivity.CONTACT, purpose=Purpose.SERVICING_IROPS),
    Field(".R/CTCM", "phone", "CTCM HK1/4520123456", Sensitivity.CONTACT, purpose=Purpose.SERVICING_IROPS),
    Field(".R/DOCS", "passport", "DOCS HK1/P/NOR/...", Sensitivity.IDENTITY, purpose=Purpose.LEGAL_OBLIGATION),
    Field(".R/", "special service request", "WCHR HK1", Sensitivity.SPECIAL),
)
_STATUS = re.compile(r"(?:[A-Z0-9]{2} )?([A-Z]{2})\d{0,2}\b[ /]*")


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read name lists. Who was taken off the flight, or changed on it, changed a booking; who stands there did not."""
    columns = ListColumns()

    def take(line: int, raw: bytes) -> None:
        element = read_element(raw, KINDS)
        mentions = columns.add(line, element)
        for at, person in zip(mentions, element.people, strict=False):
            for request in element.of(person):
                _remark(columns, at, element, request)
            if element.action in ("CHG", "DEL"):
                _changed(columns, at, element)

    return columns.batch(lines, each(lines, take))


def _remark(columns: ListColumns, at: int, element: Element, request: Request) -> None:
    status = _STATUS.match(request.text)
    said = request.text[status.end() :] if status else request.text
    contact = agents.contact(f"{request.code} {said}", None)
    if contact:
        columns.put(f"irops_{contact['type']}", at, contact["value"])
    elif request.code == "DOCS":
        passport, infants = agents.passport(said)
        columns.hold(IdentifierKind.PASSPORT, at, None if infants else passport)
    elif agents.is_wish(request.code):
        columns.fact("services", mention=at, locator=element.locator, leg_number=None, code=request.code,
                     status=status[1] if status else "", text=request.text or None)  # fmt: skip


def _changed(columns: ListColumns, at: int, element: Element) -> None:
    flight = element.flight
    columns.fact(
        "events",
        mention=at,
        kind=EventKind.BOOKING_CHANGED.value,
        occurred_at=np.datetime64(flight.day, "us"),
        item=element.route,
        haul=haul(flight.origin, element.destination),
        cabin=codes.cabin(flight.carrier, element.booking_class, flight.day),
        properties={"change": "taken off" if element.action == "DEL" else "changed"},
    )


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The flight and first name of each element."""
    return scanned(read(header, lines))


CONNECTOR = Connector(
    name="pnl_adl",
    title="Passenger name lists (PNL, ADL)",
    family=Family.PSS,
    format="Type B",
    version="RP 1708",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.3,
    framing=Framing.TELETYPE,
    introduces=False,
    recognises=lambda sample: sure(sample, frozenset(KINDS)),
    specification="IATA Recommended Practice 1708, as public descriptions and samples give it",
)
