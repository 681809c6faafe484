"""Of busy customers whole days stand folded in Postgres; what is read by them is what the events say, to the bit."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
import psycopg
import pytest
from django.db import connection

from iaros.lib import valkey
from iaros.lib.purposes import Purpose
from privacy import consent
from profiles.models import Event, EventKind
from segmentation import features
from segmentation.data_holder import SegmentationHolder
from segmentation.features import batch, catalogue, day_tiles, facts, online, parity, rfm
from segmentation.features.facts import Which
from segmentation.models import BusyCustomer, DayTile, FeatureVector, OutdatedTile
from tests.segmentation import population
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred events make a customer busy."""
    monkeypatch.setattr(day_tiles, "BUSY", 200)


@pytest.fixture
def busy() -> UUID:
    """Someone with 600 events over 900 days, some of them on the edges of windows, listed and with tiles made."""
    person = population.customers(1)[0]
    population.facts([person], each=600)
    features.materialise(AS_OF)
    settle(person)
    return person


def settle(person: UUID) -> None:
    """Two looks: the first waits for what is under way, the second makes the tiles."""
    online.vector(person, AS_OF)
    online.vector(person, AS_OF)


def by_tiles(person: UUID, at: datetime = AS_OF) -> np.ndarray:
    return np.array(list(online.vector(person, at).values()), dtype=np.float32)


def by_events(person: UUID, at: datetime = AS_OF) -> np.ndarray:
    which = Which(customers=(str(person),))
    return batch.vectors(which, facts.analysable(which), at, rfm.last_limits())[0]


def kept(person: UUID) -> list[bytes | str]:
    return valkey.client().keys(f"iaros:features:*:{person}:*")


def through(person: UUID) -> date | None:
    return BusyCustomer.objects.get(id=person).through


def test_materialise__many_events__are_listed_as_busy_and_few_are_not() -> None:
    people = population.customers(2)
    population.facts(people[:1], each=250)
    population.facts(people[1:], each=150)

    features.materialise(AS_OF)

    assert [row.id for row in BusyCustomer.objects.all()] == people[:1]


def test_vector__busy_customer__by_tiles_equals_the_events_to_the_bit(busy: UUID) -> None:
    assert DayTile.objects.filter(customer_id=busy).count() > 300

    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))


@pytest.mark.parametrize(
    "later",
    [
        timedelta(microseconds=1),
        timedelta(hours=1, seconds=3),
        timedelta(hours=2),
        timedelta(hours=23),
        DAY,
        17 * DAY + timedelta(hours=5),
        116 * DAY,
        123 * DAY + timedelta(hours=1),
        -3 * DAY,
        -200 * DAY + timedelta(minutes=30),
    ],
)
def test_vector__at_any_moment__tiles_and_events_agree(busy: UUID, later: timedelta) -> None:
    """The summer of the airline's clock ends 117 days later: windows then cut other days."""
    moment = AS_OF + later

    np.testing.assert_array_equal(by_tiles(busy, moment), by_events(busy, moment))


def test_vector__from_valkey_or_after_a_flush__is_the_same(busy: UUID) -> None:
    first = by_tiles(busy)
    keys = kept(busy)
    again = by_tiles(busy)
    valkey.client().delete(*keys)

    flushed = by_tiles(busy)

    assert len(keys) == len(kept(busy)) == 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, flushed)


def test_vector__valkey_away__is_laid_together_from_postgres(busy: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def __getattr__(self, name: str) -> object:
            raise valkey.WENT_WRONG("connection refused")

    monkeypatch.setattr(valkey, "client", Away)

    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))


def test_vector__event_of_today__counts_without_a_new_tile(busy: UUID) -> None:
    before = BusyCustomer.objects.get(id=busy).stamp
    population.event(busy, EventKind.WEB_SEARCHED, AS_OF - timedelta(minutes=1), item="CPH-LPA")

    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))

    # AS_OF is midnight at the airline: the event is of the day before, which has its tile.
    assert BusyCustomer.objects.get(id=busy).stamp != before
    population.event(busy, EventKind.WEB_SEARCHED, AS_OF + timedelta(minutes=1), item="CPH-LPA")
    settled = BusyCustomer.objects.get(id=busy).stamp
    later = AS_OF + timedelta(minutes=2)
    np.testing.assert_array_equal(by_tiles(busy, later), by_events(busy, later))
    assert BusyCustomer.objects.get(id=busy).stamp == settled


def test_vector__late_and_doubled_events__their_days_are_made_again(busy: UUID) -> None:
    tiles = DayTile.objects.filter(customer_id=busy)
    quiet = set(tiles.filter(day__lt=date(2026, 1, 1)).values_list("pk"))
    for _ in range(2):
        population.event(busy, EventKind.COUPON_FLOWN, AS_OF - 40 * DAY, ingested_at=AS_OF + DAY, item="CPH-LPA")

    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))

    assert set(tiles.filter(day__lt=date(2026, 1, 1)).values_list("pk")) == quiet


def test_vector__events_changed_in_place__by_number_the_same__are_seen(busy: UUID) -> None:
    before = by_tiles(busy)
    Event.objects.filter(customer_id=busy, kind=EventKind.BOOKING_MADE).update(value_base_minor=77_700)

    after = by_tiles(busy)

    assert (before != after).any()
    np.testing.assert_array_equal(after, by_events(busy))
    assert not OutdatedTile.objects.exists()


def test_vector__one_event_deleted_and_another_told__are_seen(busy: UUID) -> None:
    gone = Event.objects.filter(customer_id=busy, occurred_at__lt=AS_OF - 100 * DAY).order_by("occurred_at").last()
    assert gone is not None
    Event.objects.filter(id=gone.id, occurred_at=gone.occurred_at).delete()
    population.event(busy, EventKind.CLAIM, AS_OF - 300 * DAY)

    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))


def test_vector__events_pass_to_another_customer__both_follow(busy: UUID) -> None:
    """As a merge or a split does: the facts are told of another id."""
    other = population.customers(1)[0]
    Event.objects.filter(customer_id=busy, occurred_at__lt=AS_OF - 200 * DAY).update(
        customer_id=other, bucket=other.bytes[15]
    )

    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))
    np.testing.assert_array_equal(by_tiles(other), by_events(other))


def test_vector__another_catalogue__its_tiles_are_made_anew(busy: UUID) -> None:
    BusyCustomer.objects.filter(id=busy).update(catalogue_version=1)
    DayTile.objects.filter(customer_id=busy).update(partials=b"")

    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))

    assert BusyCustomer.objects.get(id=busy).catalogue_version == catalogue.VERSION


def test_vector__days_go_by__the_tiles_follow(busy: UUID) -> None:
    assert through(busy) == date(2026, 7, 1)
    population.facts([busy], each=30, days=0)

    moment = AS_OF + 4 * DAY

    np.testing.assert_array_equal(by_tiles(busy, moment), by_events(busy, moment))
    assert through(busy) == date(2026, 7, 5)


def test_make__transaction_under_way_when_listed__waits_for_its_end() -> None:
    person = population.customers(1)[0]
    population.facts([person], each=250)
    wanted = connection.get_connection_params()
    with psycopg.connect(
        host=wanted["host"],
        port=wanted["port"],
        dbname=wanted["dbname"],
        user=wanted["user"],
        password=wanted["password"],
    ) as other:
        other.execute("SELECT pg_current_xact_id()")
        features.materialise(AS_OF)
        online.vector(person, AS_OF)
        online.vector(person, AS_OF)
        waited = through(person)

    online.vector(person, AS_OF)

    assert waited is None
    assert through(person) is not None
    np.testing.assert_array_equal(by_tiles(person), by_events(person))


def test_materialise_customers__busy_and_others_together__all_as_the_batch(busy: UUID) -> None:
    others = population.customers(3)
    population.facts(others, each=20, seed=4)
    features.materialise(AS_OF)
    wanted = {row.id: bytes(row.values) for row in FeatureVector.objects.all()}

    assert features.materialise_customers([busy, *others], AS_OF) == 4

    assert {row.id: bytes(row.values) for row in FeatureVector.objects.all()} == wanted


def test_objection__the_tiles_go_with_what_was_derived(busy: UUID) -> None:
    consent.record(
        [
            consent.ConsentEntry(
                customer_id=busy,
                purpose=Purpose.ANALYTICS,
                state="objected",
                occurred_at=AS_OF,
                method="letter",
                source="dpo",
            )
        ]
    )

    assert online.vector(busy, AS_OF) == {}
    features.materialise_customer(busy, AS_OF)

    assert not DayTile.objects.exists()
    assert not BusyCustomer.objects.exists()


def test_erasure__nothing_of_the_tiles_is_left_in_postgres_or_valkey(busy: UUID) -> None:
    by_tiles(busy)

    gone = SegmentationHolder().erase([busy])

    assert gone["segmentation_daytile"] > 300
    assert gone["segmentation_busycustomer"] == 1
    assert not kept(busy)


def test_access__the_person_is_told_of_their_tiles(busy: UUID) -> None:
    told = SegmentationHolder().export(busy)["day_tiles"]

    assert told["through"] == date(2026, 7, 1)
    assert len(told["days"]) > 300


def test_keep__all_anew__are_what_the_events_say(busy: UUID) -> None:
    tile = DayTile.objects.filter(customer_id=busy).order_by("day")[5]
    DayTile.objects.filter(customer_id=busy, day=tile.day).update(partials=b"")

    kept_now = day_tiles.keep(date(2026, 7, 1), anew=True)

    assert (kept_now.busy, kept_now.made, kept_now.no_longer) == (1, 1, 0)
    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))


def test_keep__months_were_dropped_and_few_events_are_left__the_customer_is_busy_no_more(busy: UUID) -> None:
    """As the retention ceiling does: no trigger sees a table that is dropped."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE profiles_event DISABLE TRIGGER outdate_tiles_of_delete")
    Event.objects.filter(customer_id=busy, occurred_at__lt=AS_OF - 300 * DAY).delete()
    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))
    Event.objects.filter(customer_id=busy, occurred_at__lt=AS_OF - 100 * DAY).delete()

    assert day_tiles.keep(date(2026, 7, 1)).no_longer == 1

    assert not DayTile.objects.exists()
    np.testing.assert_array_equal(by_tiles(busy), by_events(busy))


def test_watch__table_of_events_written_anew__has_its_triggers_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER outdate_tiles_of_delete ON profiles_event")
        day_tiles.watch()
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'outdate_tiles_%%'", [])
        found = cursor.fetchone()[0]

    assert found >= 2


def test_parity__busy_customers_are_always_among_those_compared(busy: UUID) -> None:
    crowd = population.customers(30)
    population.facts(crowd, each=5)
    for days in (1, 7, 14, 30, 60, 90, 180, 365, 730):
        population.event(busy, EventKind.BOOKING_MADE, AS_OF - days * DAY, value_base_minor=12_345, lead_days=days)
        population.event(busy, EventKind.COUPON_FLOWN, AS_OF - days * DAY - timedelta(microseconds=1))
    features.materialise(AS_OF)

    report = parity.compare(31)

    assert (report.customers, report.by_tiles, report.mismatches, report.features) == (31, 1, 0, {})


def test_parity__few_drawn_of_many__those_with_tiles_come_on_top(busy: UUID) -> None:
    population.customers(40)
    features.materialise(AS_OF)

    report = parity.compare(1)

    assert report.by_tiles == 1
    assert report.mismatches == 0


def test_parity__tile_that_lies__is_a_mismatch(busy: UUID) -> None:
    """A tile that was written by something else than its events: as many, and of others' values."""
    rows = DayTile.objects.filter(customer_id=busy, day__lt=date(2026, 6, 1)).order_by("-day")
    first, second = rows[0], rows[1]
    DayTile.objects.filter(customer_id=busy, day=first.day).update(partials=second.partials)
    valkey.client().delete(*kept(busy))

    report = parity.compare(3)

    assert report.mismatches > 0
