"""What is derived about a customer, how sure it is, and what is never derived."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from iaros.lib.ids import uuid7
from iaros.lib.purposes import Purpose
from privacy import ledger
from profiles import ties
from profiles.enrichment import calendars, derived, history, lifecycle, runs, tier_clock, trip_purpose
from profiles.enrichment.enricher import CLOSED, REFUSED, Enricher, RefusedInference
from profiles.identity import search_keys
from profiles.models import (
    Airport,
    AreaStatistic,
    Customer,
    Enrichment,
    Holiday,
    Passenger,
    Profile,
    ServiceRequest,
    WeatherDay,
)
from segmentation import pipeline as segmentation
from segmentation import selectors as segments
from tests import world as people

NOW = datetime(2026, 10, 31, tzinfo=UTC)
NAT = np.datetime64("NaT")


def past(**columns) -> history.History:
    """One customer with nothing but what is given."""
    objects = np.array([None], dtype=object)
    customers = history.Customers([], objects, columns.pop("tier", objects), objects, np.array([NAT]), objects)
    nobody = np.zeros(0, dtype=np.int64)
    trips = columns.pop("trips", trips_of([]))
    movements = columns.pop("movements", history.Movements(nobody, np.zeros(0, "datetime64[s]"), nobody))
    last = np.array([columns.pop("last_flown", NAT)], dtype="datetime64[s]")
    flown = np.array([columns.pop("flown", 0)])
    found = history.History(NOW, customers, trips, movements, flown, last, np.zeros(1, dtype=np.int64))
    object.__setattr__(customers, "id", [None])
    return found


def trips_of(rows: list[tuple[str, str | None, int]]) -> history.Trips:
    """(departs, returns, days ahead) of trips of one person, alone, CPH to LIS."""
    departs = np.array([row[0] for row in rows], dtype="datetime64[s]")
    returns = np.array([row[1] for row in rows], dtype="datetime64[s]")
    ahead = np.array([row[2] for row in rows], dtype=np.int64)
    count = len(rows)
    return history.Trips(
        np.zeros(count, dtype=np.int64),
        np.zeros((count, 16), dtype=np.uint8),
        np.full(count, "CPH", dtype=object),
        np.full(count, "LIS", dtype=object),
        departs - ahead * np.timedelta64(1, "D"),
        departs,
        returns,
        np.ones(count, dtype=np.int64),
        np.zeros(count, dtype=bool),
        np.zeros(count, dtype=bool),
        np.full(count, "web", dtype=object),
        np.zeros(count, dtype=bool),
    )


def test_heaviest__of_equals_the_first_by_name_and_nobody_without_any():
    who, label = np.array([0, 0, 1, 1, 1]), ["b", "a", "x", "y", "y"]

    best, share = runs.heaviest(who, label, np.ones(5), 3)

    assert best.tolist() == ["a", "y", None]
    assert share.round(3).tolist() == [0.5, 0.667, 0.0]


def test_median__is_the_lower_one():
    found = runs.median(np.array([0, 0, 0, 0, 2]), np.array([9, 1, 5, 3, 7]), 3)

    assert found[[0, 2]].tolist() == [3, 7]
    assert np.isnan(found[1])


def test_trip_purpose__a_day_in_midweek_booked_late_is_business_and_a_fortnight_in_july_is_not():
    trips = trips_of([("2026-03-03T07:00", "2026-03-04T19:00", 4), ("2026-07-04T10:00", "2026-07-18T12:00", 120)])

    purpose, sure = trip_purpose.classify(trips)

    assert [trip_purpose.PURPOSES[at] == "business" for at in purpose] == [True, False]
    assert sure[0] > 0.6


@pytest.mark.parametrize(
    ("flown", "last", "trips", "stage"),
    [
        (0, None, [], lifecycle.PROSPECT),
        (1, "2026-10-01", [("2026-10-01T08:00", None, 10)], lifecycle.NEW),
        (10, "2026-09-01", [("2025-01-01T08:00", None, 10)], lifecycle.ACTIVE),
        (10, "2026-03-01", [("2025-01-01T08:00", None, 10)], lifecycle.COOLING),
        (0, "2023-03-01", [("2023-03-01T08:00", None, 10)], lifecycle.LAPSED),
    ],
)
def test_lifecycle__by_when_somebody_last_flew_against_how_often(flown, last, trips, stage):
    told = lifecycle.lifecycle(past(flown=flown, last_flown=last or NAT, trips=trips_of(trips)))

    assert told["lifecycle"].tolist() == [stage]


def test_tier_clock__points_are_spent_in_the_order_they_were_earned_and_expire_after_three_years():
    at = np.array(["2023-12-01", "2024-06-01", "2026-06-01"], dtype="datetime64[s]")
    movements = history.Movements(np.zeros(3, dtype=np.int64), at, np.array([1000, -400, 9000]))

    told = tier_clock.tier_clock(past(tier=np.array(["Blue"], dtype=object), movements=movements))

    assert (told["next_tier"][0], told["points_to_next_tier"][0]) == ("Silver", 3000)
    assert (told["points_expiring"][0], str(told["points_expire_on"][0])[:7]) == (600, "2026-12")


def test_refresh__one_customer_is_enriched_as_all_are(world, db):
    assert derived.refresh(people.AS_OF) >= 3
    together = Enrichment.objects.filter(id=world.alice).values().get()

    derived.refresh_customers([world.alice], people.AS_OF)

    assert Enrichment.objects.filter(id=world.alice).values().get() == together
    assert (together["home_airport"], together["lifecycle"], together["party_type"]) == ("CPH", "active", "alone")
    assert set(Passenger.objects.filter(customer_id=world.alice).values_list("purpose", flat=True)) <= {0, 1, 2}


def test_refresh__who_objected_to_analytics__is_not_enriched(world, db):
    derived.refresh(people.AS_OF)
    ledger.record([ledger.ConsentEntry(world.bob, Purpose.ANALYTICS, "objected", people.AS_OF - timedelta(days=1))])

    derived.refresh(people.AS_OF)

    assert not Enrichment.objects.filter(id=world.bob).exists()


def test_no_enricher__reads_the_special_categories_or_says_what_is_refused():
    assert not [e.name for e in derived.ENRICHERS if CLOSED & set(e.inputs)]
    assert not [e.name for e in derived.ENRICHERS if set(REFUSED) & set(e.says)]


def test_enrichers__each_says_fields_of_its_own():
    said = [name for enricher in derived.ENRICHERS for name in enricher.says]

    assert len(said) == len(set(said))
    assert set(said) == {f.name for f in Enrichment._meta.concrete_fields} - {"bucket", "id", "as_of"}


@pytest.mark.parametrize(
    ("name", "inputs", "says"),
    [
        ("religion_from_meals", ("profiles_passenger",), ("faith",)),
        ("needs", ("profiles_servicerequest",), ("needs_help",)),
        ("wellbeing", ("profiles_passenger",), ("health_score",)),
        ("views", ("profiles_booking",), ("political_leaning",)),
    ],
)
def test_an_enricher_of_the_special_categories__cannot_even_be_declared(name, inputs, says):
    with pytest.raises(RefusedInference):
        Enricher(name, name, inputs, says, "none", lambda past: {})


def test_meals_and_assistance__change_nothing_that_is_derived(world, db):
    derived.refresh(people.AS_OF)
    before = Enrichment.objects.filter(id=world.alice).values().get()
    trip = Passenger.objects.filter(customer_id=world.alice).first()
    for code in ("MOML", "WCHR"):
        where = {"bucket": trip.bucket, "customer_id": world.alice, "record_id": trip.record_id}
        ServiceRequest.objects.create(**where, code=code, status="HK", booking_id=trip.booking_id)

    with CaptureQueriesContext(connection) as asked:
        derived.refresh(people.AS_OF)

    assert Enrichment.objects.filter(id=world.alice).values().get() == before
    assert [query for query in asked.captured_queries if "servicerequest" in query["sql"]] == []


def test_surroundings__metro_area_income_and_warmth__are_looked_up_in_tables_about_nobody(world, db):
    born = {"run_id": uuid7(), "content_hash": b"c" * 16}
    Airport.objects.create(**born, native_key=b"a" * 16, ident="EKCH", iata="CPH", name="Kastrup", metro="CPH",
                           latitude=55.6, longitude=12.6)  # fmt: skip
    AreaStatistic.objects.create(**born, native_key=b"b" * 16, country="DK", area="DK01", name="Hovedstaden", year=2025,
                                 median_income_minor=4_200_000)  # fmt: skip
    Profile.objects.filter(id=world.alice).update(country="DK", region="hovedstaden")
    day = people.AS_OF - people.WEEK * 2
    for place, (airport, degrees) in enumerate([("CPH", 8.0), ("LIS", 21.0)]):
        WeatherDay.objects.create(**born, native_key=bytes([place]) * 16, latitude=0, longitude=0, airport=airport,
                                  day=day.date(), warmest_c=degrees)  # fmt: skip

    derived.refresh(people.AS_OF)

    told = Enrichment.objects.filter(id=world.alice).values().get()
    assert (told["home_metro"], told["area_income_minor"], told["warmer_by_c"]) == ("CPH", 4_200_000, 13.0)
    assert Enrichment.objects.get(id=world.bob).warmer_by_c is None


def test_holidays__those_that_were_loaded_stand_before_the_law(db):
    born = {"run_id": uuid7(), "content_hash": b"c" * 16}
    Holiday.objects.create(**born, native_key=b"h" * 16, day=date(2026, 3, 3), country="DK", name="Of our own")
    Holiday.objects.create(**born, native_key=b"i" * 16, day=date(2026, 3, 4), country="DK", name="Somewhere",
                           everywhere=False)  # fmt: skip
    loaded = calendars.calendars(["DK"])

    assert calendars.public_holidays("DK", 2026, loaded).tolist() == [date(2026, 3, 3)]
    assert date(2026, 12, 25) in calendars.public_holidays("DK", 2026).tolist()


def living_together(take_in) -> tuple[UUID, UUID, UUID]:
    """Ann and Olof Ek at one address, on two trips with each other; Bo lives at the same address by another name."""
    here = {"Address": "Storgatan 1", "Postal_Code": "222 22", "City": "Lund", "Country": "SE"}
    take_in("loyalty_members", [
        people.member("71", "Ann", "Ek", **here), people.member("72", "Olof", "Ek", **here),
        people.member("73", "Bo", "Nyby", **here),
    ])  # fmt: skip
    pair = [people.passenger(1, "ANN", "EK", loyalty_number="71"), people.passenger(2, "OLOF", "EK",
            loyalty_number="72")]  # fmt: skip
    take_in("pnr", [people.booking(f"BOTH0{n}", pair, departs=people.AS_OF - people.WEEK * (n + 1)) for n in range(2)])
    ids = people.customer("71"), people.customer("72"), people.customer("73")
    search_keys.refresh_customers(ids)
    return ids


def test_households_and_companions__are_counted_beside_identity(take_in):
    ann, olof, bo = living_together(take_in)

    derived.refresh_customers([ann, olof, bo], people.AS_OF)

    told = {e.id: (e.household_size, e.companions) for e in Enrichment.objects.filter(id__in=(ann, olof, bo))}
    assert told == {ann: (2, 1), olof: (2, 1), bo: (1, 0)}
    assert ties.ties_of(ann, purpose=Purpose.ANALYTICS) == [ties.Tie(olof, True, 2)]
    assert Customer.objects.living().filter(id__in=(ann, olof, bo)).count() == 3


def test_somebody_who_objected__is_in_nobodys_household(take_in):
    ann, olof, _ = living_together(take_in)
    ledger.record([ledger.ConsentEntry(olof, Purpose.ANALYTICS, "objected", people.AS_OF - timedelta(days=1))])

    derived.refresh_customers([ann], people.AS_OF)

    alone = Enrichment.objects.get(id=ann)
    assert (alone.household_size, alone.companions) == (1, 0)
    assert ties.ties_of(ann, purpose=Purpose.ANALYTICS) == []


def test_household__is_a_feature_of_the_customer(take_in):
    ann, *_ = living_together(take_in)
    derived.refresh_customers([ann], people.AS_OF)

    segmentation.refresh_customer(ann, people.AS_OF)

    values = segments.feature_values(ann)
    assert (values["household:size"], values["household:companions"]) == (2, 1)
    assert values["household:lives_with_companions"] == 1
