"""Norvia Air's network and timetable: which pairs are flown, at what times, under which numbers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from iaros.demo import airports
from iaros.demo.airports import Airports
from iaros.demo.draws import expand
from iaros.demo.seasons import DAY, FIRST_DAY_NUMBER, HORIZON_DAYS, midnight

CARRIER = "NV"
_FOCUS_ROUTES = ("LHR", "AMS", "AGP", "PMI", "ALC", "HEL", "FRA")
_MOST_DAILY = 4
_CONNECT_MINUTES = 45
_NEVER = 10_000  # a departure minute after every day's end: the frequency does not exist
LONG_HAUL_KM, SHORT_HAUL_KM = 4_000, 1_500


@dataclass(frozen=True)
class Timetable:
    """Directed routes. `leg` gives a route's row by origin and destination, -1 where it is not flown."""

    airports: Airports
    leg: NDArray[np.int64]
    origin: NDArray[np.int64]
    destination: NDArray[np.int64]
    minutes: NDArray[np.int64]  # (route, frequency): local departure minute
    daily: NDArray[np.int64]
    first_number: NDArray[np.int64]
    block_minutes: NDArray[np.int64]
    offset_minutes: NDArray[np.int64]  # (airport, day) of the zone

    def flight_number(self, route: NDArray, frequency: NDArray) -> NDArray[np.int64]:
        return self.first_number[route] + 2 * frequency


def build(rng: np.random.Generator) -> Timetable:
    places = airports.load()
    pairs = _pairs()
    origin = np.array([pair[0] for pair in pairs])
    destination = np.array([pair[1] for pair in pairs])
    leg = np.full((airports.COUNT, airports.COUNT), -1)
    leg[origin, destination] = np.arange(len(pairs))
    daily = _daily(places, origin, destination)
    # Odd numbers leave the hub or focus city, even ones come back; a route and its return share the hundred.
    first_number = np.array([101 + 10 * (i // 2) + (i % 2) for i in range(len(pairs))])
    distance = places.distance_km[origin, destination]
    return Timetable(
        airports=places,
        leg=leg,
        origin=origin,
        destination=destination,
        minutes=_minutes(rng, daily, distance),
        daily=daily,
        first_number=first_number,
        block_minutes=(35 + distance / 13.2).astype(np.int64) // 5 * 5,
        offset_minutes=_offsets(places),
    )


def _pairs() -> list[tuple[int, int]]:
    hub, focus = airports.HUB_INDEX, airports.FOCUS_INDEX
    out = [(hub, i) for i in range(airports.COUNT) if i != hub]
    out += [(focus, airports.INDEX[code]) for code in _FOCUS_ROUTES]
    return [pair for there in out for pair in (there, there[::-1])]


def _daily(places: Airports, origin: NDArray, destination: NDArray) -> NDArray[np.int64]:
    strength = np.sqrt(places.pull[origin].sum(axis=1) * places.pull[destination].sum(axis=1))
    far = places.distance_km[origin, destination] > LONG_HAUL_KM
    return np.where(far, 1, (1 + strength / 3.2).astype(np.int64).clip(1, _MOST_DAILY))


def _minutes(rng: np.random.Generator, daily: NDArray, distance: NDArray) -> NDArray[np.int64]:
    """Local departure minutes spread from the morning wave to the evening, rounded to five minutes."""
    slot = np.arange(_MOST_DAILY)
    spread = 390 + (slot[None, :] * 840) // np.maximum(daily[:, None] - 1, 1)
    single = np.where(distance > LONG_HAUL_KM, 640, 700)[:, None]
    start = np.where(daily[:, None] == 1, single, spread) + rng.integers(-30, 40, (len(daily), 1))
    return np.where(slot[None, :] < daily[:, None], start // 5 * 5, _NEVER)


def _offsets(places: Airports) -> NDArray[np.int64]:
    noon = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=FIRST_DAY_NUMBER)
    days = [noon + timedelta(days=day) for day in range(HORIZON_DAYS + 60)]
    by_zone: dict[str, list[int]] = {}
    for name in sorted(set(places.zone)):
        zone = ZoneInfo(name)
        by_zone[name] = [int(day.astimezone(zone).utcoffset().total_seconds()) // 60 for day in days]  # type: ignore[union-attr]
    return np.array([by_zone[name] for name in places.zone])


@dataclass(frozen=True)
class Legs:
    """Flown pieces of journeys, in order: `journey` repeats for a connection."""

    journey: NDArray[np.int64]
    route: NDArray[np.int64]
    frequency: NDArray[np.int64]
    departs: NDArray[np.int64]  # UTC seconds
    arrives: NDArray[np.int64]


def legs_of(timetable: Timetable, origin: NDArray, destination: NDArray, day: NDArray, late_in_day: NDArray) -> Legs:
    """The legs of each journey (origin to destination on a day); `late_in_day` 0..1 picks the frequency.

    A pair that is not flown directly connects at the hub on the next departure 45 minutes after arrival.
    """
    direct = timetable.leg[origin, destination]
    connects = direct < 0
    first = np.where(connects, timetable.leg[origin, airports.HUB_INDEX], direct)
    frequency = (late_in_day * timetable.daily[first]).astype(np.int64)
    departs = _departure(timetable, first, frequency, day)
    arrives = departs + timetable.block_minutes[first] * 60
    second = timetable.leg[airports.HUB_INDEX, destination[connects]]
    onward, onward_departs = _onward(timetable, second, arrives[connects])
    onward_arrives = onward_departs + timetable.block_minutes[second] * 60
    journey, position = expand(1 + connects.astype(np.int64))
    is_second = position == 1
    return Legs(
        journey=journey,
        route=_interleave(first, second, journey, is_second),
        frequency=_interleave(frequency, onward, journey, is_second),
        departs=_interleave(departs, onward_departs, journey, is_second),
        arrives=_interleave(arrives, onward_arrives, journey, is_second),
    )


def _interleave(first: NDArray, second: NDArray, journey: NDArray, is_second: NDArray) -> NDArray[np.int64]:
    out = first[journey].astype(np.int64)
    out[is_second] = second
    return out


def _departure(timetable: Timetable, route: NDArray, frequency: NDArray, day: NDArray) -> NDArray[np.int64]:
    offset = timetable.offset_minutes[timetable.origin[route], day]
    return midnight(day) + (timetable.minutes[route, frequency] - offset) * 60


def _onward(timetable: Timetable, route: NDArray, arrives: NDArray) -> tuple[NDArray, NDArray]:
    hub = airports.HUB_INDEX
    local = arrives + timetable.offset_minutes[hub, arrives // DAY - FIRST_DAY_NUMBER] * 60
    day = local // DAY - FIRST_DAY_NUMBER
    ready = local % DAY // 60 + _CONNECT_MINUTES
    reachable = (timetable.minutes[route] >= ready[:, None]) & (timetable.minutes[route] < _NEVER)
    today = reachable.any(axis=1)
    frequency = np.where(today, reachable.argmax(axis=1), 0)
    return frequency, _departure(timetable, route, frequency, day + ~today)
