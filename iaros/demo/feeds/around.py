"""What the world around tells, about nobody: airports, holidays, weather, areas, US markets, the central bank's rates.

Each file has the form of its publisher. Places of airports and holidays are the real ones, figures the demo's own.
"""

from collections.abc import Callable
from datetime import date, timedelta

import airportsdata
import holidays
import numpy as np
import orjson

from iaros.demo import END_AT, airports
from iaros.demo.fares import PER_EURO
from iaros.demo.forms import Form, Row, listed, table
from iaros.demo.scene import Scene

_END = END_AT.date()
_YEARS = range(_END.year - 3, _END.year + 2)
_BEFORE_DAYS, _AHEAD_DAYS, _RATE_DAYS = 60, 16, 90
_SEASON = (-0.9, -0.8, -0.4, 0.0, 0.5, 0.9, 1.0, 0.95, 0.5, 0.1, -0.4, -0.8)
_AREAS = 6
_AIRPORTS = ("id", "ident", "type", "name", "latitude_deg", "longitude_deg", "elevation_ft", "continent", "iso_country",
             "iso_region", "municipality", "scheduled_service", "gps_code", "iata_code", "local_code", "home_link",
             "wikipedia_link", "keywords")  # fmt: skip
_DEMOGRAPHICS = ("Country", "Area Code", "Year", "Area Name", "Level", "Population", "Households", "Median Age",
                 "Median Income", "Currency", "Degree Rate", "Employed Rate")  # fmt: skip
_MARKETS = ("Year", "quarter", "citymarketid", "city", "markets", "cur_passengers", "cur_fare", "cur_yield", "distance",
            "ly_passengers", "ly_fare", "ly_yield", "ly_distance", "Geocoded_City", "tbl2pk")  # fmt: skip
# city, place, miles, fare, passengers a quarter
_US_CITIES = (("New York City, NY (Metropolitan Area)", "(40.712, -74.006)", 1_050.0, 214.0, 6_400_000),
              ("San Francisco, CA (Metropolitan Area)", "(37.775, -122.419)", 1_310.0, 228.0, 4_900_000))  # fmt: skip


def _served() -> list[Row]:
    known = airportsdata.load("IATA")
    return [dict(known[code]) for code in airports.CODES]


def our_airports(scene: Scene) -> bytes:
    rows = [
        {
            "id": 100 + i,
            "ident": row["icao"],
            "type": "large_airport",
            "name": row["name"],
            "latitude_deg": row["lat"],
            "longitude_deg": row["lon"],
            "elevation_ft": round(row["elevation"]),
            "iso_country": row["country"],
            "municipality": row["city"],
            "scheduled_service": "yes",
            "gps_code": row["icao"],
            "iata_code": row["iata"],
        }
        for i, row in enumerate(_served())
    ]
    rows.append({**rows[0], "id": 99, "ident": "NOWHERE", "latitude_deg": 955})  # off the earth
    return _written(table(_AIRPORTS), rows)


def open_flights(scene: Scene) -> bytes:
    """Fourteen values a line, texts in quotes, \\N for nothing."""
    lines = [
        f'{500 + i},"{row["name"]}","{row["city"]}","{row["country"]}","{row["iata"]}","{row["icao"]}",{row["lat"]},'
        f'{row["lon"]},{round(row["elevation"])},\\N,\\N,"{row["tz"]}","airport","OurAirports"'
        for i, row in enumerate(_served())
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def public_holidays(scene: Scene) -> bytes:
    """Of every country that is served, in its own words and in English where they are known."""
    countries = sorted(
        {str(code) for code in scene.timetable.airports.country} & set(holidays.list_supported_countries())
    )
    rows = []
    for country in countries:
        for day, name in sorted(holidays.country_holidays(country, years=_YEARS).items()):
            kinds = {"fixed": False, "global": True, "counties": None, "launchYear": None, "types": ["Public"]}
            rows.append({"date": day.isoformat(), "localName": name, "name": name, "countryCode": country, **kinds})
    return _written(listed(), rows)


def days_of_weather(scene: Scene) -> bytes:
    """Two months that were and two weeks that may come, a place an airport; colder away from the equator."""
    rng = np.random.default_rng([scene.seed, *b"weather"])
    days = [_END + timedelta(days=at) for at in range(-_BEFORE_DAYS, _AHEAD_DAYS)]
    return orjson.dumps([_place(rng, row, days) for row in _served()])


def _place(rng: np.random.Generator, row: Row, days: list[date]) -> Row:
    mean, swing = 27 - 0.4 * abs(row["lat"]), 0.25 * abs(row["lat"])
    season = np.array([_SEASON[day.month - 1] for day in days]) * swing
    warmest = np.round(mean + season + rng.normal(3, 3, len(days)), 1)
    rain = np.round(np.where(rng.random(len(days)) < 0.4, rng.gamma(1.2, 4.0, len(days)), 0.0), 1)
    return {
        "latitude": round(row["lat"], 4),
        "longitude": round(row["lon"], 4),
        "airport": row["iata"],
        "timezone": "GMT",
        "daily_units": {
            "time": "iso8601",
            "weather_code": "wmo code",
            "temperature_2m_max": "°C",
            "temperature_2m_min": "°C",
            "precipitation_sum": "mm",
            "wind_speed_10m_max": "km/h",
        },
        "daily": {
            "time": [day.isoformat() for day in days],
            "weather_code": np.where(rain > 8, 65, np.where(rain > 0, 61, 2)).tolist(),
            "temperature_2m_max": warmest.tolist(),
            "temperature_2m_min": np.round(warmest - rng.uniform(4, 10, len(days)), 1).tolist(),
            "precipitation_sum": rain.tolist(),
            "wind_speed_10m_max": np.round(rng.gamma(4.0, 6.0, len(days)), 1).tolist(),
        },
    }


def areas(scene: Scene) -> bytes:
    """Some areas of each country; one share is beyond what a share can be."""
    rng = np.random.default_rng([scene.seed, *b"areas"])
    rows = [
        {
            "Country": country,
            "Area Code": f"{country}{at:02d}",
            "Year": _END.year - 1,
            "Area Name": f"Area {at} of {country}",
            "Level": "region",
            "Population": int(rng.integers(150_000, 4_000_000)),
            "Households": int(rng.integers(70_000, 1_800_000)),
            "Median Age": round(float(rng.normal(41, 3)), 1),
            "Median Income": int(rng.integers(18_000, 62_000)),
            "Currency": "EUR",
            "Degree Rate": round(float(rng.uniform(0.2, 0.6)), 3),
            "Employed Rate": round(float(rng.uniform(0.6, 0.85)), 3),
        }
        for country in sorted({str(code) for code in scene.timetable.airports.country})
        for at in range(1, _AREAS + 1)
    ]
    rows[-1]["Employed Rate"] = 77
    return _written(table(_DEMOGRAPHICS), rows)


def us_markets(scene: Scene) -> bytes:
    """The two US cities that are served, by quarter; their places stand on a line of their own, as published."""
    rng = np.random.default_rng([scene.seed, *b"us_dot"])
    rows = []
    for market, (city, place, miles, fare, passengers) in enumerate(_US_CITIES, 31_001):
        for at in range(len(_YEARS) * 4 - 6):
            year, quarter = _YEARS[0] + at // 4, at % 4 + 1
            told = fare * (1 + 0.01 * at) * rng.uniform(0.95, 1.05)
            rows.append({
                "Year": year, "quarter": quarter, "citymarketid": market, "city": city, "markets": 80,
                "cur_passengers": int(passengers * rng.uniform(0.9, 1.1)), "cur_fare": f"{told:.2f}",
                "cur_yield": f"{100 * told / miles:.2f}", "distance": miles, "Geocoded_City": f"{city}\n{place}",
                "tbl2pk": f"{year}{quarter}{market}",
            })  # fmt: skip
    return _written(table(_MARKETS), rows)


def rates_as_xml(scene: Scene) -> bytes:
    """The last working days, as the bank's file of ninety days has them."""
    days = [day for day in (_END - timedelta(days=at) for at in range(_RATE_DAYS)) if day.weekday() < 5]
    foreign = {code: rate for code, rate in PER_EURO.items() if code != "EUR"}
    cubes = "".join(f'<Cube currency="{code}" rate="{rate:.4f}"/>' for code, rate in foreign.items())
    told = "".join(f'<Cube time="{day.isoformat()}">{cubes}</Cube>\n' for day in days)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
        'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
        f"<gesmes:subject>Reference rates</gesmes:subject>\n<Cube>\n{told}</Cube>\n</gesmes:Envelope>\n"
    ).encode()


def _written(form: Form, rows: list[Row]) -> bytes:
    return form.before + form.between.join(form.write(row) for row in rows) + form.after


# Source -> file and its bytes.
WRITERS: dict[str, tuple[str, Callable[[Scene], bytes]]] = {
    "airports": ("airports.csv", our_airports),
    "openflights_airports": ("airports.dat", open_flights),
    "holidays": ("holidays.json", public_holidays),
    "weather": ("weather.json", days_of_weather),
    "demographics": ("demographics.csv", areas),
    "us_dot_fares": ("us_markets.csv", us_markets),
    "ecb_rates": ("eurofxref.xml", rates_as_xml),
}
