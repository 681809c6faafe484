"""What a flight costs: one price curve for our own bookings and, with each rival's habits, for the fare feed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iaros.demo import airports
from iaros.demo.routes import CARRIER, LONG_HAUL_KM, Timetable
from iaros.demo.seasons import month_of, weekday_of

BRANDS = ("LIGHT", "CLASSIC", "FLEX")
LIGHT, CLASSIC, FLEX = range(3)
CABINS = ("Y", "W", "C")
_BRAND_FACTOR = np.array([0.84, 1.0, 1.55])
_CABIN_FACTOR = np.array([1.0, 1.75, 3.3])
CLASSES = ("TLKQHMBY", "EEEWWWWW", "IIDDJJCC")

# Units of the currency for one euro; the demo keeps one rate for the whole history.
PER_EURO = {"EUR": 1.0, "DKK": 7.46, "SEK": 11.30, "NOK": 11.70, "GBP": 0.86, "PLN": 4.28}
CURRENCY_OF = {"DK": "DKK", "SE": "SEK", "NO": "NOK", "GB": "GBP", "PL": "PLN"}

# Invented rivals: code, price against ours, how wildly it moves, hauls it flies, share of markets it serves
_RIVALS = (
    ("8N", 0.80, 0.16, "SM", 0.85),
    ("2B", 0.92, 0.11, "SM", 0.75),
    ("5S", 0.86, 0.18, "SM", 0.60),
    ("7K", 1.10, 0.07, "SML", 0.80),
    ("9A", 1.04, 0.08, "L", 1.00),
    ("3G", 0.90, 0.12, "L", 1.00),
    ("6R", 1.16, 0.06, "SML", 0.65),
)
_MOST_RIVALS = 4


@dataclass(frozen=True)
class Markets:
    """Directed routes as markets: our level of price there and who else flies it."""

    level: NDArray[np.float64]
    rivals: NDArray[np.bool_]  # (route, rival)

    @property
    def codes(self) -> list[str]:
        return [rival[0] for rival in _RIVALS]


def markets(rng: np.random.Generator, timetable: Timetable) -> Markets:
    n = len(timetable.origin)
    distance = timetable.airports.distance_km[timetable.origin, timetable.destination]
    haul = np.where(distance > LONG_HAUL_KM, "L", np.where(distance > 1500, "M", "S"))
    flies = np.array([[letter in rival[3] for rival in _RIVALS] for letter in haul])
    wish = np.where(flies, rng.random(flies.shape) + np.array([rival[4] for rival in _RIVALS]), -1.0)
    wish = np.maximum(wish[0::2], wish[1::2]).repeat(2, axis=0)  # a rival that flies out also flies back
    order = np.argsort(-wish, axis=1).argsort(axis=1)
    keeps = 3 + (rng.random(n // 2) < 0.45).astype(int).repeat(2)
    rivals = (wish > 0) & (order < np.minimum(keeps, _MOST_RIVALS)[:, None])
    cheapest = np.where(rivals, np.array([rival[1] for rival in _RIVALS]), 2.0).min(axis=1)
    return Markets(level=(0.45 + 0.6 * cheapest.clip(0.7, 1.1)) * rng.uniform(0.92, 1.1, n), rivals=rivals)


def euros(
    timetable: Timetable,
    market: Markets,
    route: NDArray,
    day: NDArray,
    lead_days: NDArray,
    cabin: NDArray,
    brand: NDArray,
) -> NDArray[np.float64]:
    """Our fare for one leg one way: distance, season, weekday, time to departure, cabin and brand."""
    origin, destination = timetable.origin[route], timetable.destination[route]
    distance = timetable.airports.distance_km[origin, destination]
    base = 24 + 0.066 * distance**0.95
    hurry = 1 + 1.05 * np.exp(-lead_days / 11.0) + 0.25 * np.exp(-lead_days / 45.0)
    return (
        base
        * market.level[route]
        * _season(timetable, origin, destination, day)
        * hurry
        * _CABIN_FACTOR[cabin]
        * _BRAND_FACTOR[brand]
    )


def _season(timetable: Timetable, origin: NDArray, destination: NDArray, day: NDArray) -> NDArray[np.float64]:
    month, weekday = month_of(day), weekday_of(day)
    place = timetable.airports.character[np.where(origin == airports.HUB_INDEX, destination, origin)]
    sun, snow = place[:, 0], place[:, 3]
    summer = np.isin(month, (5, 6, 7)) * (0.12 + 0.22 * sun)
    winter = np.isin(month, (0, 1, 2)) * 0.25 * snow
    christmas = np.isin(month, (11,)) * 0.15
    weekend = np.isin(weekday, (4, 6)) * 0.14 - np.isin(weekday, (1, 2)) * 0.06
    return 1 + summer + winter + christmas + weekend


def booking_class(
    cabin: NDArray, brand: NDArray, price: NDArray, reference: NDArray
) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """The letter of the booking class, dearer letters for dearer seats, and its step 0..7."""
    step = np.clip(np.log(np.maximum(price / reference, 0.05)) * 4.2 + brand, 0, 7).astype(np.int64)
    letters = np.array([list(row) for row in CLASSES])
    return letters[cabin, step], step


def rival_factor(rng: np.random.Generator, rival: NDArray) -> NDArray[np.float64]:
    level = np.array([row[1] for row in _RIVALS])[rival]
    return level * np.exp(rng.normal(0, 1, len(rival)) * np.array([row[2] for row in _RIVALS])[rival])


OWN = CARRIER
