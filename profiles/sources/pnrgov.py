"""Reservations as governments get them: PNRGOV messages, EDIFACT of PADIS, versions 10 to 17.

Each passenger is a mention: locator, creation date, passenger number. What an agent passed on for disruptions serves
those alone; passports serve the law alone; forms of payment stay masked in the raw record and are not read.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.sources.bookings import BookingColumns
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Reject, Sample
from profiles.sources.json_lines import Unreadable
from profiles.sources.pnrgov_booking import booking_of
from profiles.sources.pnrgov_record import ANNOUNCED, Record
from profiles.sources.pnrgov_without import redacted

FIELDS = (
    Field("RCI.locator", "text", "7KQX2M", Sensitivity.PSEUDONYM, required=True),
    Field("RCI.created", "DDMMYY HHMM", "020726:1011"),
    Field("ORG.agency", "IATA number", "52519950"),
    Field("TIF.surname", "text", "SOLHEIM", Sensitivity.IDENTITY, required=True),
    Field("TIF.given", "text", "INGRIDMS", Sensitivity.IDENTITY),
    Field("FTI.number", "text", "NV:480934", Sensitivity.PSEUDONYM),
    Field("TVL", "flight", "121226:1305:121226:1510+CPH+LHR+NV+504:Y", required=True),
    Field("RPI.status", "AIRIMP status", "HK"),
    Field("TKT.number", "ticket number", "8892120234533", Sensitivity.PSEUDONYM),
    Field("MON", "amount and currency", "T:412.00:EUR"),
    Field("FOP", "form of payment, masked, not read", "CC::412.00:VI:XXXXXXXXXXXX1186"),
    Field("EBD", "excess baggage paid for", "EUR:40.00+1::N"),
    Field("TBD", "bag tags", "01:23:700+++NV:0001"),
    Field("SSD.seat", "seat", "12A"),
    Field("SSR CTCE", "e-mail", "INGRID//EXAMPLE.ORG", Sensitivity.CONTACT, purpose=Purpose.SERVICING_IROPS),
    Field("SSR CTCM", "phone", "4790011223", Sensitivity.CONTACT, purpose=Purpose.SERVICING_IROPS),
    Field("SSR DOCS", "passport", "P/NOR/A1234567", Sensitivity.IDENTITY, purpose=Purpose.LEGAL_OBLIGATION),
    Field("SSR", "wishes; of health and belief sealed", "WCHR", Sensitivity.SPECIAL),
    Field("ADD.telephone", "phone", "+4790011223", Sensitivity.CONTACT),
)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read passenger name records: mentions of their passengers, and the typed facts and events of each."""
    rejects: list[Reject] = []
    columns = BookingColumns()
    for index, raw in enumerate(lines.raw):
        try:
            columns.add(index, booking_of(Record(raw.decode())))
        except Unreadable as error:
            rejects.append(Reject(index, error.field, error.reason, error.expected))
    return columns.batch(lines, rejects)


_SCANNED = re.compile(rb"[^A-Z]RCI.[^:]*:\s*([^:+' ]+):?:?(\d{6})?")


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Locator and creation date of each record."""
    found, keys = [], []
    for index, raw in enumerate(lines.raw):
        told = _SCANNED.search(raw, ANNOUNCED)
        if told:
            found.append(index)
            keys.append(b"/".join(part or b"" for part in told.groups()).decode("utf-8", "replace"))
    return np.array(found, dtype=np.int64), keys


def recognises(sample: Sample) -> float:
    head = sample.head[:8192].lstrip()
    if head[:3] not in (b"UNA", b"UNB", b"UNH"):
        return 0.6 * bool(re.match(rb"(?:SRC|MSG\W|RCI\W)", head) and b"TIF+" in sample.head)
    return 0.95 * bool(re.search(rb"UN[GH]\W[^']{0,60}PNRGOV", head))


CONNECTOR = Connector(
    name="pnrgov",
    title="Reservations (PNRGOV, EDIFACT)",
    family=Family.PSS,
    format="EDIFACT PNRGOV",
    version="10.1-17.1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.6,
    freshness_hours=2,
    framing=Framing.EDIFACT,
    within=("SRC",),
    recognises=recognises,
    specification="WCO/IATA/ICAO PNRGOV EDIFACT implementation guide, 10.1 to 17.1",
    without=redacted,
)
