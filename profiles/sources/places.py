"""Countries by code and English name, airports by code, and how far apart they are."""

from __future__ import annotations

import math
from functools import lru_cache
from zoneinfo import ZoneInfo

import airportsdata
from phonenumbers import SUPPORTED_REGIONS

_NAMES = """
AE United Arab Emirates;AL Albania;AR Argentina;AT Austria;AU Australia;BA Bosnia and Herzegovina;BE Belgium;
BG Bulgaria;BR Brazil;CA Canada;CH Switzerland;CL Chile;CN China;CO Colombia;CY Cyprus;CZ Czechia;CZ Czech Republic;
DE Germany;DK Denmark;DZ Algeria;EE Estonia;EG Egypt;ES Spain;FI Finland;FO Faroe Islands;FR France;GB United Kingdom;
GB Great Britain;GE Georgia;GL Greenland;GR Greece;HK Hong Kong;HR Croatia;HU Hungary;ID Indonesia;IE Ireland;IL Israel;
IN India;IQ Iraq;IR Iran;IS Iceland;IT Italy;JO Jordan;JP Japan;KE Kenya;KR South Korea;KW Kuwait;LB Lebanon;
LK Sri Lanka;LT Lithuania;LU Luxembourg;LV Latvia;MA Morocco;MD Moldova;ME Montenegro;MK North Macedonia;MT Malta;
MX Mexico;MY Malaysia;NG Nigeria;NL Netherlands;NO Norway;NZ New Zealand;PE Peru;PH Philippines;PK Pakistan;PL Poland;
PT Portugal;QA Qatar;RO Romania;RS Serbia;RU Russia;SA Saudi Arabia;SE Sweden;SG Singapore;SI Slovenia;SK Slovakia;
TH Thailand;TN Tunisia;TR Turkey;TR Türkiye;TW Taiwan;UA Ukraine;US United States;US United States of America;
VN Vietnam;ZA South Africa
"""
# casefolded code or English name -> ISO 3166 alpha-2
COUNTRIES: dict[str, str] = {
    **{region.casefold(): region for region in SUPPORTED_REGIONS},
    **{
        entry.strip()[3:].casefold(): entry.strip()[:2]
        for entry in _NAMES.replace("\n", "").split(";")
        if entry.strip()
    },
}
# Great-circle limits after the usual practice of European carriers: short to 1,500 km, medium to 4,000 km.
SHORT_HAUL_KM, MEDIUM_HAUL_KM = 1500, 4000


@lru_cache(maxsize=1)
def _listed() -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
    listed = airportsdata.load("IATA")
    return {code: (a["lat"], a["lon"]) for code, a in listed.items()}, {code: a["tz"] for code, a in listed.items()}


def airports() -> dict[str, tuple[float, float]]:
    """IATA airport code -> (latitude, longitude) in degrees."""
    return _listed()[0]


@lru_cache(maxsize=2_000)
def zone(airport: str) -> ZoneInfo | None:
    """The airport's clock; None where the airport is unknown."""
    name = _listed()[1].get(airport)
    return ZoneInfo(name) if name else None


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    return {code: a["country"] for code, a in airportsdata.load("IATA").items()}


def country_of(airport: str | None) -> str | None:
    """ISO 3166 code of the country an airport lies in."""
    return _countries().get(airport or "")


@lru_cache(maxsize=65_536)
def distance_km(origin: str, destination: str) -> float | None:
    """Great-circle distance by the haversine formula, or None when an airport is unknown."""
    known = airports()
    if origin not in known or destination not in known:
        return None
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, known[code])) for code in (origin, destination))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(h))


def haul(origin: str, destination: str) -> str | None:
    """S, M or L by great-circle distance; None when an airport is unknown."""
    km = distance_km(origin, destination)
    if km is None:
        return None
    return "S" if km <= SHORT_HAUL_KM else "M" if km <= MEDIUM_HAUL_KM else "L"
