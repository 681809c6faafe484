"""The places Norvia Air serves: what they are like and what draws each kind of traveller there."""

from dataclasses import dataclass

import airportsdata
import numpy as np
from numpy.typing import NDArray

HUB, FOCUS = "CPH", "GOT"

REGIONS = ("nordic", "isles", "central", "east", "iberia", "italy_adriatic", "aegean", "far")
CHARACTERS = ("sun", "city", "nature", "snow", "exotic")

# code: region, characters (sun city nature snow exotic), pull for business, leisure, visiting friends and relatives
_PLACES: dict[str, tuple[str, tuple[float, ...], tuple[float, float, float]]] = {
    "CPH": ("nordic", (0.1, 1.0, 0.2, 0.0, 0.0), (5.0, 2.5, 5.0)),
    "GOT": ("nordic", (0.1, 0.6, 0.4, 0.0, 0.0), (2.0, 0.8, 2.0)),
    "AAL": ("nordic", (0.1, 0.2, 0.7, 0.0, 0.0), (2.0, 0.5, 2.2)),
    "OSL": ("nordic", (0.0, 0.7, 0.7, 0.5, 0.0), (4.5, 1.6, 3.0)),
    "BGO": ("nordic", (0.0, 0.3, 1.0, 0.3, 0.0), (1.6, 0.8, 1.2)),
    "TRD": ("nordic", (0.0, 0.2, 0.8, 0.6, 0.0), (1.0, 0.4, 0.8)),
    "SVG": ("nordic", (0.0, 0.2, 0.9, 0.2, 0.0), (2.2, 0.5, 0.8)),
    "ARN": ("nordic", (0.1, 1.0, 0.4, 0.1, 0.0), (5.0, 2.2, 3.0)),
    "HEL": ("nordic", (0.0, 0.8, 0.5, 0.3, 0.0), (3.2, 1.1, 1.6)),
    "KEF": ("nordic", (0.0, 0.3, 1.5, 0.4, 0.4), (0.8, 1.6, 0.9)),
    "LHR": ("isles", (0.0, 1.6, 0.0, 0.0, 0.0), (5.5, 3.8, 2.6)),
    "MAN": ("isles", (0.0, 0.9, 0.2, 0.0, 0.0), (1.8, 1.2, 1.2)),
    "EDI": ("isles", (0.0, 0.9, 0.9, 0.0, 0.0), (1.0, 1.4, 0.8)),
    "DUB": ("isles", (0.0, 0.9, 0.5, 0.0, 0.0), (1.5, 1.2, 0.9)),
    "AMS": ("central", (0.0, 1.4, 0.0, 0.0, 0.0), (4.2, 2.4, 1.5)),
    "CDG": ("central", (0.0, 1.7, 0.0, 0.0, 0.0), (4.0, 3.0, 1.4)),
    "FRA": ("central", (0.0, 0.5, 0.0, 0.0, 0.0), (4.5, 0.7, 1.4)),
    "MUC": ("central", (0.0, 0.9, 0.5, 0.9, 0.0), (3.2, 1.3, 1.0)),
    "HAM": ("central", (0.0, 0.8, 0.0, 0.0, 0.0), (2.4, 0.8, 1.2)),
    "BER": ("central", (0.0, 1.4, 0.0, 0.0, 0.0), (2.8, 2.6, 1.9)),
    "ZRH": ("central", (0.0, 0.8, 0.7, 1.0, 0.0), (3.2, 1.0, 0.7)),
    "GVA": ("central", (0.0, 0.4, 0.7, 1.6, 0.0), (1.8, 1.3, 0.5)),
    "SZG": ("central", (0.0, 0.4, 0.7, 1.8, 0.0), (0.2, 1.2, 0.2)),
    "VIE": ("central", (0.0, 1.3, 0.2, 0.6, 0.0), (2.2, 1.6, 0.8)),
    "PRG": ("east", (0.0, 1.4, 0.0, 0.0, 0.0), (1.2, 1.7, 0.7)),
    "BUD": ("east", (0.1, 1.3, 0.0, 0.0, 0.0), (1.0, 1.5, 1.0)),
    "WAW": ("east", (0.0, 0.9, 0.0, 0.0, 0.0), (2.0, 0.9, 2.4)),
    "GDN": ("east", (0.1, 0.8, 0.2, 0.0, 0.0), (1.0, 0.9, 2.6)),
    "VNO": ("east", (0.0, 0.8, 0.2, 0.0, 0.0), (0.8, 0.5, 1.4)),
    "RIX": ("east", (0.0, 0.9, 0.1, 0.0, 0.0), (0.9, 0.8, 1.0)),
    "BCN": ("iberia", (1.0, 1.5, 0.1, 0.0, 0.0), (2.0, 3.6, 1.2)),
    "MAD": ("iberia", (0.6, 1.3, 0.0, 0.0, 0.0), (2.2, 1.7, 1.2)),
    "AGP": ("iberia", (1.6, 0.4, 0.3, 0.0, 0.0), (0.4, 3.9, 2.0)),
    "ALC": ("iberia", (1.6, 0.3, 0.2, 0.0, 0.0), (0.2, 2.8, 1.7)),
    "PMI": ("iberia", (1.8, 0.3, 0.5, 0.0, 0.0), (0.3, 3.8, 0.6)),
    "LIS": ("iberia", (1.0, 1.3, 0.2, 0.0, 0.1), (1.3, 2.5, 0.8)),
    "FAO": ("iberia", (1.6, 0.1, 0.5, 0.0, 0.0), (0.1, 1.7, 0.5)),
    "LPA": ("iberia", (1.7, 0.1, 0.7, 0.0, 0.4), (0.2, 2.6, 0.5)),
    "TFS": ("iberia", (1.7, 0.0, 0.8, 0.0, 0.4), (0.1, 2.2, 0.3)),
    "NCE": ("italy_adriatic", (1.2, 0.7, 0.5, 0.2, 0.0), (1.2, 2.1, 0.5)),
    "FCO": ("italy_adriatic", (0.7, 1.6, 0.0, 0.0, 0.0), (1.6, 2.9, 0.9)),
    "MXP": ("italy_adriatic", (0.3, 1.1, 0.4, 0.7, 0.0), (2.8, 1.4, 0.9)),
    "VCE": ("italy_adriatic", (0.5, 1.3, 0.1, 0.2, 0.0), (0.6, 1.6, 0.3)),
    "SPU": ("italy_adriatic", (1.5, 0.4, 0.7, 0.0, 0.0), (0.1, 1.8, 0.5)),
    "ATH": ("aegean", (1.0, 1.0, 0.1, 0.0, 0.3), (0.9, 2.1, 0.8)),
    "CHQ": ("aegean", (1.7, 0.1, 0.7, 0.0, 0.3), (0.1, 2.1, 0.2)),
    "IST": ("aegean", (0.4, 1.3, 0.0, 0.0, 0.9), (1.6, 1.3, 2.6)),
    "JFK": ("far", (0.0, 1.9, 0.0, 0.0, 0.7), (2.0, 1.6, 1.0)),
    "SFO": ("far", (0.5, 1.2, 0.8, 0.0, 0.7), (1.0, 0.7, 0.6)),
    "BKK": ("far", (1.4, 0.8, 0.4, 0.0, 1.9), (0.5, 1.5, 1.2)),
    "DXB": ("far", (1.4, 0.9, 0.0, 0.0, 1.1), (1.1, 1.1, 0.5)),
}

CODES: tuple[str, ...] = tuple(_PLACES)
INDEX: dict[str, int] = {code: position for position, code in enumerate(CODES)}
COUNT = len(CODES)
HUB_INDEX, FOCUS_INDEX = INDEX[HUB], INDEX[FOCUS]


@dataclass(frozen=True)
class Airports:
    """Columns over `CODES`."""

    codes: NDArray[np.str_]
    country: NDArray[np.str_]
    zone: tuple[str, ...]
    region: NDArray[np.int64]
    character: NDArray[np.float64]
    pull: NDArray[np.float64]
    distance_km: NDArray[np.float64]


def load() -> Airports:
    """Coordinates, countries and zones come from airportsdata; character and pull are the demo's own."""
    known = airportsdata.load("IATA")
    rows = [known[code] for code in CODES]
    return Airports(
        codes=np.array(CODES),
        country=np.array([row["country"] for row in rows]),
        zone=tuple(row["tz"] for row in rows),
        region=np.array([REGIONS.index(place[0]) for place in _PLACES.values()]),
        character=np.array([place[1] for place in _PLACES.values()]),
        pull=np.array([place[2] for place in _PLACES.values()]),
        distance_km=_great_circle(np.radians([row["lat"] for row in rows]), np.radians([row["lon"] for row in rows])),
    )


def _great_circle(lat: NDArray, lon: NDArray) -> NDArray[np.float64]:
    half = (
        np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat[None, :]) * np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
    )
    return 2 * 6371.0 * np.arcsin(np.sqrt(half.clip(0, 1)))
