"""What is about nobody: fares, rates, areas, holidays, weather, airports."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from profiles import corrections, pipeline
from profiles.models import (
    Airport,
    AreaStatistic,
    ExchangeRate,
    FareObservation,
    Holiday,
    MarketFare,
    QuarantinedRow,
    WeatherDay,
)
from profiles.sources import reading
from profiles.sources.catalogue import recognise

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
SNAPSHOT = "snapshot_ts,origin,dest_airport,city,country,duration_min,price_eur,airline,depart,return\n"


def fault() -> tuple[str, str]:
    row = QuarantinedRow.objects.get()
    return row.field, row.reason


def whose(path: Path) -> str | None:
    found = recognise(reading.sample(path))
    return found.name if found else None


def test_snapshot__of_a_metasearch_site(take_in, counts):
    rows = (
        "202610300240,CPH,LON,London,GB,125,48.20,British Airways,2026-12-01,2026-12-08\n"
        '202610300240,CPH,NYC,"Nova Iorque, NY",US,545,27227.95,Várias companhias aéreas,2026-12-02,2026-12-09\n'
        "202610300240,CPH,LIS,Lisboa,PT,,90,Air Nobody Knows,2026-12-03,2026-12-10\n"
    )

    report = take_in("competitor_fares", (SNAPSHOT + rows).encode())
    again = take_in("competitor_fares", (SNAPSHOT + rows).encode())

    assert (counts(report), counts(again)) == ((3, 0, 0, 0), (0, 0, 3, 0))
    told = FareObservation.objects.order_by("departure_date").values_list(
        "carrier", "airline", "price_minor", "currency", "minutes", "return_date"
    )
    assert list(told) == [
        ("BA", "British Airways", 4820, "EUR", 125, date(2026, 12, 8)),
        ("", "Várias companhias aéreas", 2_722_795, "EUR", 545, date(2026, 12, 9)),
        ("", "Air Nobody Knows", 9000, "EUR", None, date(2026, 12, 10)),
    ]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("202613300240,CPH,LON,x,y,125,48.20,KLM,2026-12-01,2026-12-08", "snapshot_ts"),
        ("202610300240,CPH,LOND,x,y,125,48.20,KLM,2026-12-01,2026-12-08", "dest_airport"),
        ("202610300240,CPH,LON,x,y,125,0,KLM,2026-12-01,2026-12-08", "price"),
        ("202610300240,CPH,LON,x,y,125,-3,KLM,2026-12-01,2026-12-08", "price"),
        ("202610300240,CPH,LON,x,y,125,48.20,,2026-12-01,2026-12-08", "airline"),
        ("202610300240,CPH,LON,x,y,125,48.20,KLM,2026-02-30,2026-12-08", "depart"),
    ],
)
def test_snapshot__a_value_that_cannot_be__is_named(take_in, counts, row, field):
    report = take_in("competitor_fares", f"{SNAPSHOT}{row}\n".encode())

    assert counts(report) == (0, 0, 0, 1)
    assert fault()[0] == field


MARKETS = ("Year,quarter,citymarketid,city,markets,cur_passengers,cur_fare,cur_yield,distance,ly_passengers,ly_fare,"
           "ly_yield,ly_distance,Geocoded_City,tbl2pk\n")  # fmt: skip


def test_market_fares__with_line_ends_inside_quotes(take_in, counts):
    good = '2025,1,30001,"Gulltown, AK",7,1700,162.92,,648.2,,,,,"Gulltown, AK\n(60.1, -150.2)",1\n'
    rows = good + "2025,5,3,X,,,1,,,,,,,,2\n"

    report = take_in("us_dot_fares", (MARKETS + rows).encode())

    assert counts(report) == (1, 0, 0, 1)
    fare = MarketFare.objects.get()
    assert (fare.city, fare.fare_minor, fare.currency, fare.yield_minor) == ("Gulltown, AK", 16292, "USD", None)
    assert fault() == ("quarter", "'5'")


def test_rates__of_the_central_bank__wide_daily_and_history(take_in, counts, settings):
    settings.BASE_CURRENCY = "EUR"
    history = take_in(
        "exchange_rates", b"Date,USD,JPY,DKK,\n2026-10-29,1.08,163.1,7.46,\n2026-10-28,N/A,162.0,7.46,\n", "h"
    )
    daily = take_in("exchange_rates", b"Date, USD, JPY, DKK, \n30 October 2026, 1.09, 163.5, 7.46, \n", "d")

    assert (counts(history), counts(daily)) == ((5, 0, 0, 0), (3, 0, 0, 0))
    assert ExchangeRate.objects.get(currency="USD", day="2026-10-30").units_per_base == 1.09
    assert not ExchangeRate.objects.filter(currency="USD", day="2026-10-28").exists()


def test_rates__where_the_airline_counts_in_another_currency(take_in, counts, settings):
    settings.BASE_CURRENCY = "DKK"

    take_in("exchange_rates", b"Date,USD,DKK\n2026-10-30,1.0,8.0\n")

    assert dict(ExchangeRate.objects.values_list("currency", "units_per_base")) == {"USD": 0.125, "EUR": 0.125}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("2026-10-30,x,1", "USD"),
        ("30.10.2026,1,1", "Date"),
        ("2026-10-30,1", "line"),
        ("2026-10-30,-1,1", "USD"),
        ("2026-10-30,inf,1", "USD"),
    ],
)
def test_rates__a_day_with_a_fault__is_set_aside(take_in, counts, row, field):
    assert counts(take_in("exchange_rates", f"Date,USD,DKK\n{row}\n".encode())) == (0, 0, 0, 1)
    assert fault()[0] == field


XML = """<?xml version="1.0"?><g:Envelope xmlns:g="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube><Cube time="2026-10-30">
<Cube currency="USD" rate="1.09"/><Cube currency="JPY" rate="163.5"/></Cube></Cube></g:Envelope>"""


def test_rates__as_xml(take_in, counts, settings):
    settings.BASE_CURRENCY = "EUR"

    assert counts(take_in("ecb_rates", XML.encode())) == (2, 0, 0, 0)
    assert ExchangeRate.objects.get(currency="JPY").units_per_base == 163.5


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (XML[:-20], "line"),
        (XML.replace('rate="1.09"', 'rate="zero"'), "Cube rate"),
        (XML.replace('"USD"', '"DOLLAR"'), "Cube currency"),
        (XML.replace("2026-10-30", "today"), "Cube time"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><eurofxref><Cube>&a;</Cube></eurofxref>', "line"),
    ],
)
def test_rates__xml_with_a_fault__is_set_aside(take_in, counts, document, field):
    assert counts(take_in("ecb_rates", document.encode())) == (0, 0, 0, 1)
    assert fault()[0] == field


def test_holidays__of_a_country_and_its_regions(take_in, counts):
    told = {
        "date": "2026-01-06",
        "localName": "Heilige Drei Könige",
        "name": "Epiphany",
        "countryCode": "DE",
        "global": False,
        "counties": ["DE-BW", "DE-BY"],
        "types": ["Public"],
    }
    rows = [
        told,
        {**told, "date": "2026-01-01", "name": "New Year", "global": True, "counties": None},
        {**told, "date": "x"},
    ]

    assert counts(take_in("holidays", json.dumps(rows, indent=2).encode())) == (2, 0, 0, 1)
    everywhere, regional = Holiday.objects.order_by("day")
    assert (everywhere.everywhere, everywhere.regions) == (True, None)
    assert (regional.everywhere, regional.regions, regional.types) == (False, ["DE-BW", "DE-BY"], ["Public"])


def weather(**changes):
    daily = {
        "time": ["2026-10-29", "2026-10-30", "2026-10-31"],
        "temperature_2m_max": [9.4, 8.1, None],
        "weather_code": [61, 3, None],
    }
    units = {"time": "iso8601", "temperature_2m_max": "°C", "weather_code": "wmo code"}
    return {"latitude": 55.6, "longitude": 12.7, "timezone": "GMT", "daily_units": units, "daily": daily | changes}


def test_weather__a_row_a_day(take_in, counts):
    path = [weather(), {**weather(), "latitude": 38.8, "airport": "LIS"}]

    report = take_in("weather", json.dumps(path, indent=1).encode())

    assert counts(report) == (4, 0, 0, 0)
    assert list(WeatherDay.objects.filter(airport="LIS").order_by("day").values_list("code", "warmest_c")) == [
        (61, 9.4),
        (3, 8.1),
    ]
    changed = take_in("weather", json.dumps([weather(weather_code=[61, 95, None])]).encode(), "2")
    assert counts(changed) == (0, 1, 1, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"temperature_2m_max": [1.0]}, "daily.temperature_2m_max"),
        ({"temperature_2m_max": [1.0, "x", 2]}, "daily.temperature_2m_max[1]"),
        ({"temperature_2m_max": [1.0, 990, 2]}, "daily.temperature_2m_max[1]"),
        ({"time": ["2026-10-29", "never", "2026-10-31"]}, "daily.time[1]"),
        ({"time": None}, "daily.time"),
    ],
)
def test_weather__a_place_with_a_fault__is_set_aside(take_in, counts, changes, field):
    assert counts(take_in("weather", json.dumps([weather(**changes)]).encode())) == (0, 0, 0, 1)
    assert fault()[0] == field


def test_weather__in_fahrenheit__is_not_taken_for_celsius(take_in, counts):
    hot = weather()
    hot["daily_units"]["temperature_2m_max"] = "°F"

    assert counts(take_in("weather", json.dumps(hot).encode())) == (0, 0, 0, 1)
    assert fault() == ("daily_units.temperature_2m_max", "'°F'")


AIRPORTS = ('"id","ident","type","name","latitude_deg","longitude_deg","elevation_ft","continent","iso_country",'
            '"iso_region","municipality","scheduled_service","gps_code","iata_code"\n')  # fmt: skip


def test_airports__of_two_publishers__stand_beside_each_other(take_in, counts):
    ours = '1,"EGXX","large_airport","Gull Field",51.5,-0.4,83,"EU","GB","GB-ENG","Gulltown","yes","EGXX","LHR"\n'
    dat = '507,"Gull Field","Gulltown","United Kingdom","LHR","EGXX",51.5,-0.4,83,0,"E","Europe/London","airport","X"\n'
    pier = '508,"Pier","Gulltown","United Kingdom",\\N,\\N,51.5,-0.4,0,0,"E",\\N,"port","User"\n'

    first = take_in("airports", (AIRPORTS + ours).encode())
    assert Airport.objects.get().metro == "LON"
    second = take_in("openflights_airports", (dat + pier).encode())

    assert (counts(first), counts(second)) == ((1, 0, 0, 0), (2, 0, 0, 0))
    told = {("EGXX", "ourairports"), ("EGXX", "openflights"), ("OF508", "openflights")}
    assert set(Airport.objects.values_list("ident", "publisher")) == told


def test_airports__off_the_earth__are_named(take_in, counts):
    row = '1,"EGXX","heliport","Gull",95.0,-0.4,,"EU","GB","GB-ENG","","maybe","",""\n'

    assert counts(take_in("airports", (AIRPORTS + row).encode())) == (0, 0, 0, 1)
    assert fault()[0] in ("latitude_deg", "scheduled_service")


def test_areas__by_a_mapping_of_the_census_own_names(take_in, counts, db):
    corrections.save_mapping(
        source="demographics",
        columns={"land": "Country", "omr": "Area Code", "år": "Year", "folketal": "Population"},
        by=None,
    )

    report = take_in("demographics", "land;omr;år;folketal\nDK;084;2025;1 900\nDenmark;081;2025;590000\n".encode())

    assert counts(report) == (1, 0, 0, 1)
    area = AreaStatistic.objects.get()
    assert (area.country, area.area, area.population, area.median_age) == ("DK", "081", 590_000, None)


@pytest.mark.public_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the public files are not beside the project")
@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("kayak_fares_2023/snapshots_jan_apr_mad_lis.csv.gz", "competitor_fares"),
        ("us_consumer_airfare/Consumer_Airfare_Report.csv", "us_dot_fares"),
        ("ourairports/airports.csv.gz", "airports"),
        ("ourairports/countries.csv.gz", None),
        ("ourairports/regions.csv.gz", None),
        ("ourairports/runways.csv.gz", None),
        ("openflights/airports.dat", "openflights_airports"),
        ("openflights/airports-extended.dat.gz", "openflights_airports"),
        ("openflights/airlines.dat", None),
        ("openflights/routes.dat.gz", None),
        ("openflights/planes.dat", None),
        ("airline_loyalty/customer_flight_activity.csv.gz", "loyalty_activity"),
        ("airline_loyalty/customer_loyalty_history.csv.gz", "loyalty_members"),
    ],
)
def test_public_files__are_recognised(name, source):
    assert whose(DATA / name) == source


@pytest.mark.public_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the public files are not beside the project")
@pytest.mark.parametrize(
    ("name", "read", "quarantined"),
    [("us_consumer_airfare/Consumer_Airfare_Report.csv", 8586, 0), ("openflights/airports.dat", 7698, 0)],
)
def test_public_files__go_in_and_change_nothing_the_second_time(db, name, read, quarantined):
    first = pipeline.ingest("auto", DATA / name)
    second = pipeline.ingest("auto", DATA / name)

    assert (first.counts.read, first.counts.new, first.counts.quarantined) == (read, read - quarantined, quarantined)
    assert second.counts.unchanged == read - quarantined
