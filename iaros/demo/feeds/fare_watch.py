"""`fares.csv`: what we and our rivals asked, seen once a week over the last eight weeks.

The same departures are watched every week, so a market's fares can be followed; every departure watched has
our own row and those of each rival in the market, for the same day, cabin and brand.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from iaros.demo import blemishes, fares
from iaros.demo.draws import chance, expand
from iaros.demo.routes import CARRIER, LONG_HAUL_KM
from iaros.demo.scene import Scene
from iaros.demo.seasons import DAY, END, END_DAY, iso_date, iso_utc, midnight

COLUMNS = (
    "Observed At", "Carrier", "Origin", "Destination", "Departure Date", "Cabin", "Fare Brand", "Price", "Currency",
    "Source",
)  # fmt: skip
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
WEEKS, AHEAD_DAYS = 8, 120
_MISSED = 0.06  # observations a robot did not get
_OFFERS = ((0, fares.LIGHT), (0, fares.CLASSIC))
_OFFERS_FAR = (*_OFFERS, (2, fares.FLEX))


def table(scene: Scene, rows: int) -> pa.Table:
    """About `rows` observations, sorted by time."""
    rng = np.random.default_rng([scene.seed, *b"fares"])
    route, day, cabin, brand, week = _watched(rng, scene, rows)
    seen = END_DAY - 1 - 7 * week
    row, position = expand(1 + scene.markets.rivals[route].sum(axis=1))
    rival = _rival(scene, route[row], position)
    lead = (day - seen)[row].astype(float)
    price = fares.euros(scene.timetable, scene.markets, route[row], day[row], lead, cabin[row], brand[row])
    price = np.where(rival < 0, price * np.exp(rng.normal(0, 0.03, len(row))), price * fares.rival_factor(rng, rival))
    got = np.flatnonzero(~chance(rng, _MISSED, len(row)))
    got = got[np.lexsort((rival[got], row[got], seen[row[got]]))]
    return _written(rng, scene, row[got], rival[got], price[got], seen, (route, day, cabin, brand))


def _watched(rng: np.random.Generator, scene: Scene, rows: int) -> tuple[NDArray, ...]:
    timetable = scene.timetable
    far = timetable.airports.distance_km[timetable.origin, timetable.destination] > LONG_HAUL_KM
    offers = [(r, *offer) for r in range(len(far)) for offer in (_OFFERS_FAR if far[r] else _OFFERS)]
    route, cabin, brand = np.array(offers).T
    carriers = 1 + scene.markets.rivals[route].sum(axis=1)
    per_offer = max(1, round(rows / (WEEKS * float(carriers.sum()) * (1 - _MISSED))))
    first = END_DAY + 2
    days = first + np.sort((rng.random((len(far), per_offer)) * (AHEAD_DAYS - WEEKS)).astype(int), axis=1)
    offer, slot = expand(np.full(len(offers), per_offer))
    cell, week = expand(np.full(len(offer), WEEKS))
    keep = _few_enough(rng, offer[cell], rows, int(carriers[offer].sum()) * WEEKS)
    offer, slot, week = offer[cell][keep], slot[cell][keep], week[keep]
    return route[offer], days[route[offer], slot], cabin[offer], brand[offer], week


def _few_enough(rng: np.random.Generator, offer: NDArray, rows: int, total: int) -> NDArray[np.bool_]:
    share = min(1.0, rows / (total * (1 - _MISSED)))
    return rng.random(len(offer)) < share


def _rival(scene: Scene, route: NDArray, position: NDArray) -> NDArray[np.int64]:
    """-1 is ourselves; the others are the market's rivals in order."""
    order = np.argsort(~scene.markets.rivals, axis=1, kind="stable")
    return np.where(position == 0, -1, order[route, (position - 1).clip(0)])


def _written(
    rng: np.random.Generator,
    scene: Scene,
    row: NDArray,
    rival: NDArray,
    price: NDArray,
    seen: NDArray,
    watched: tuple[NDArray, ...],
) -> pa.Table:
    route, day, cabin, brand = (column[row] for column in watched)
    codes = scene.timetable.airports.codes.astype(object)
    at = midnight(seen[row]) + 4 * 3600 + rng.integers(0, 7200, len(row))
    carriers = np.array([*scene.markets.codes, CARRIER], dtype=object)
    text = np.array([f"{value:.2f}" for value in np.round(price, 0) - 0.01], dtype=object)
    columns = (
        iso_utc(np.minimum(at, END - 1)),
        carriers[rival],
        blemishes.spoil(rng, codes[scene.timetable.origin[route]], ("QQQ", "C0H")),
        codes[scene.timetable.destination[route]],
        iso_date(midnight(day) // DAY),
        np.array(fares.CABINS)[cabin],
        np.array(fares.BRANDS)[brand],
        blemishes.spoil(rng, text, ("-49.00", "-1", "n/a")),
        np.full(len(row), "EUR"),
        np.where(rival < 0, "own_filing", "fare_watch"),
    )
    return pa.table(
        {name: pa.array(list(column), pa.string()) for name, column in zip(COLUMNS, columns, strict=True)},
        schema=SCHEMA,
    )
