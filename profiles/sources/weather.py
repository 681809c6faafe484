"""The weather of days at a place, seen or forecast, as Open-Meteo answers. About nobody.

A place is an object whose `daily` holds an array a value. A day of which no value is known is left out; an `airport`
beside the position says whose weather it is.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.sources import json_lines as j
from profiles.sources.columns import read_day
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Reject, Sample

FIELDS = (
    Field("latitude", "degrees", "55.62", required=True),
    Field("longitude", "degrees", "12.66", required=True),
    Field("airport", "IATA airport", "CPH"),
    Field("daily.time", "dates", '["2026-10-30"]', required=True),
    Field("daily.weather_code", "WMO codes", "[61]", aliases=("daily.weathercode",)),
    Field("daily.temperature_2m_max", "degrees Celsius", "[9.4]"),
    Field("daily.temperature_2m_min", "degrees Celsius", "[4.1]"),
    Field("daily.precipitation_sum", "millimetres", "[5.2]"),
    Field("daily.snowfall_sum", "centimetres", "[0]"),
    Field("daily.wind_speed_10m_max", "kilometres an hour", "[31.7]", aliases=("daily.windspeed_10m_max",)),
    Field("daily.sunshine_duration", "seconds", "[3600]"),
)
# Column -> its names, what they are measured in, and the least and the most there is on earth.
_VALUES: dict[str, tuple[tuple[str, ...], tuple[str, ...], float, float]] = {
    "code": (("weather_code", "weathercode"), ("wmo code",), 0, 99),
    "warmest_c": (("temperature_2m_max",), ("°C",), -95, 65),
    "coldest_c": (("temperature_2m_min",), ("°C",), -95, 65),
    "rain_mm": (("precipitation_sum", "rain_sum"), ("mm",), 0, 2500),
    "snow_cm": (("snowfall_sum",), ("cm",), 0, 500),
    "wind_kmh": (("wind_speed_10m_max", "windspeed_10m_max"), ("km/h",), 0, 500),
    "sunshine_s": (("sunshine_duration",), ("s",), 0, 86_400),
}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read places; each day of one is a row, and a place with a fault is set aside whole."""
    rejects: list[Reject] = []
    line: list[int] = []
    keys: list[str] = []
    table: dict[str, list[Any]] = defaultdict(list)

    def take(at: int, document: dict[str, Any]) -> None:
        for row in _days(document):
            line.append(at)
            keys.append(f"{row['latitude']:.3f}/{row['longitude']:.3f}/{row['day']}")
            for name, value in row.items():
                table[name].append(value)

    j.objects(lines, rejects, take)
    columns = {name: table[name] for name in ("latitude", "longitude", "airport", "day", *_VALUES)}
    return Batch(lines, np.array(line, dtype=np.int64), keys, facts={"weather": columns}, rejects=rejects)


def _days(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a place. Raises Unreadable."""
    place = {
        "latitude": _number(document.get("latitude"), "latitude", -90, 90),
        "longitude": _number(document.get("longitude"), "longitude", -180, 180),
        "airport": j.text(document, "airport", longest=3, required=False) or "",
    }
    daily, units = j.part(document, "daily"), j.part(document, "daily_units")
    days = daily.get("time")
    if not isinstance(days, list):
        raise j.Unreadable("daily.time", days, "an array of dates")
    columns = {name: _column(name, daily, units, len(days)) for name in _VALUES}
    rows = []
    for at, told in enumerate(days):
        day = read_day(told) if isinstance(told, str) else None
        if day is None:
            raise j.Unreadable(f"daily.time[{at}]", told, "a date as 2026-10-30")
        values = {name: column[at] for name, column in columns.items()}
        if any(value is not None for value in values.values()):
            rows.append({**place, "day": day, **values})
    return rows


def _column(column: str, daily: dict[str, Any], units: dict[str, Any], count: int) -> list[float | None]:
    names, measures, low, high = _VALUES[column]
    name = next((name for name in names if name in daily), None)
    if name is None:
        return [None] * count
    unit = units.get(name, measures[0])
    if unit not in measures:
        raise j.Unreadable(f"daily_units.{name}", unit, " or ".join(measures))
    values = daily[name]
    if not isinstance(values, list) or len(values) != count:
        raise j.Unreadable(f"daily.{name}", len(values) if isinstance(values, list) else values, f"{count} values")
    return [
        None if value is None else _number(value, f"daily.{name}[{at}]", low, high) for at, value in enumerate(values)
    ]


def _number(value: Any, path: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise j.Unreadable(path, value, f"a number from {low:g} to {high:g}")
    return float(value)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The place of each object, and from when to when it tells."""
    return j.scanned(lines, lambda d: f"{d['latitude']}/{d['longitude']}/{d['daily']['time'][:1]}")


def recognises(sample: Sample) -> float:
    return 0.9 * sample.has("latitude", "longitude", "daily", "time")


CONNECTOR = Connector(
    name="weather",
    title="Weather",
    family=Family.EXTERNAL,
    format="JSON",
    version="1",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    about_people=False,
    framing=Framing.JSON,
    recognises=recognises,
    specification="Open-Meteo, archive and forecast, daily",
)
