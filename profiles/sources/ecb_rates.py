"""Reference rates of the European Central Bank as XML: a `Cube` a day, and in it a `Cube` a currency. About nobody.

Its whole history is a file too large for one document: take the CSV of it (`exchange_rates`).
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

import defusedxml
import defusedxml.ElementTree
import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.sources.columns import read_day
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Reject, Sample
from profiles.sources.exchange_rates import of_euro, rate_of

FIELDS = (
    Field("Cube time", "date", "2026-10-30", required=True),
    Field("Cube currency", "ISO 4217", "DKK", required=True),
    Field("Cube rate", "rate", "7.4604", required=True),
)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read rates; a document with a fault is set aside whole."""
    told: dict[str, dict[str, float]] = {}
    at_line: dict[str, int] = {}
    rejects: list[Reject] = []
    for at, raw in enumerate(lines.raw):
        try:
            root = defusedxml.ElementTree.fromstring(raw, forbid_dtd=True)
        except (ParseError, defusedxml.DefusedXmlException, ValueError) as error:
            rejects.append(Reject(at, "line", f"not XML: {error}"[:200], "an XML document without entities"))
            continue
        found, fault = _days(root)
        if fault:
            rejects.append(Reject(at, *fault))
        else:
            told |= found
            at_line |= dict.fromkeys(found, at)
    return of_euro(lines, told, at_line, rejects)


def _days(root: Element) -> tuple[dict[str, dict[str, float]], tuple[str, str, str] | None]:
    """The rates by day, and the first fault."""
    found: dict[str, dict[str, float]] = {}
    for cube in root.findall(".//{*}Cube"):
        if "time" not in cube.attrib:
            continue
        day = read_day(cube.attrib["time"])
        if day is None:
            return {}, ("Cube time", repr(cube.attrib["time"][:40]), "a date as 2026-10-30")
        rates = {}
        for one in cube:
            code, rate = one.attrib.get("currency", ""), rate_of(one.attrib.get("rate", ""))
            if not (len(code) == 3 and code.isalpha()):
                return {}, ("Cube currency", repr(code[:20]), "a code of 3 letters")
            if rate is None:
                return {}, ("Cube rate", repr(one.attrib.get("rate", ""))[:40], "a rate above zero")
            rates[code.upper()] = rate
        found[day] = rates
    return found, None if found else ("Cube", "missing", "a Cube with a time")


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """A document is one record and never repeated."""
    return np.arange(len(lines.raw)), [str(row) for row in lines.rows.tolist()]


def recognises(sample: Sample) -> float:
    return 0.9 * (sample.head.lstrip()[:1] == b"<" and b"eurofxref" in sample.head and b"Cube" in sample.head)


CONNECTOR = Connector(
    name="ecb_rates",
    title="Exchange rates (ECB, XML)",
    family=Family.EXTERNAL,
    format="XML",
    version="1",
    purpose=Purpose.LEGAL_OBLIGATION,
    fields=FIELDS,
    read=read,
    scan=scan,
    about_people=False,
    framing=Framing.DOCUMENT,
    recognises=recognises,
    specification="European Central Bank, eurofxref-daily and eurofxref-hist-90d",
)
