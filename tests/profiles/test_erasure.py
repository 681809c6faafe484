"""Alice is forgotten, by everybody who holds something, and nobody else notices."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.db import connection

from iaros.accounts.models import User
from privacy import data_holders, erasure, requests
from profiles import pipeline, selectors
from profiles.ingest import messages
from profiles.models import Booking, Coupon, Customer, Event, QuarantinedRow, SourceRecord, UnlinkedKey
from tests import world as people
from tests.world import World

HELD = ("profiles_profile", "profiles_event", "profiles_identifier", "profiles_coupon", "profiles_passenger",
        "profiles_ancillary", "profiles_loyaltyactivity", "profiles_link", "profiles_customer")  # fmt: skip


@pytest.fixture
def dpo(db: None) -> User:
    return User.objects.create_user("dora", is_staff=True)


@pytest.fixture
def forgotten(world: World, dpo: User) -> World:
    """The world after Alice was erased."""
    request = requests.open_request("erasure", world.alice, by=dpo)
    requests.verify_identity(request, how="signed in", by=dpo)
    erasure.erase(request.id)
    return world


def everything_of(customer_id: UUID) -> dict[str, list]:
    """Every row of these tables that names the customer, as the database prints it."""
    found = {}
    with connection.cursor() as cursor:
        for table in HELD:
            column = "id" if table in ("profiles_profile", "profiles_customer") else "customer_id"
            cursor.execute(f"SELECT t::text FROM {table} t WHERE {column} = %s ORDER BY 1", [customer_id])
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def test_erase__nobody_holds_anything_but_what_the_law_keeps(forgotten):
    left = {
        holder.name: [name for name, held in holder.export(forgotten.alice).items() if held]
        for holder in data_holders.connected()
    }

    assert {name: held for name, held in left.items() if held} == {"privacy": ["kept_by_law"]}
    assert not any(everything_of(forgotten.alice).values())


def test_erase__others_keep_every_byte(world, dpo):
    before = {each: everything_of(each) for each in (world.bob, world.carol)}
    request = requests.open_request("erasure", world.alice, by=dpo)
    requests.verify_identity(request, how="signed in", by=dpo)

    erasure.erase(request.id)

    assert {each: everything_of(each) for each in (world.bob, world.carol)} == before


def test_erase__tickets_stay_without_the_person(forgotten):
    assert Coupon.objects.filter(ticket_number__startswith="999ALICE").count() == 8
    assert not Coupon.objects.filter(ticket_number__startswith="999ALICE", customer_id__isnull=False).exists()
    assert Booking.objects.filter(locator="ALICE0").exists()


def test_erase__the_raw_booking_keeps_the_other_passenger_only(forgotten):
    record = SourceRecord.objects.get(id=Event.objects.get(customer_id=forgotten.bob, kind=1).record_id)

    line = messages.raw_line(record)

    assert b"BERGSTROM" in line
    assert b"ANDERSSON" not in line
    assert b"alice@example.org" not in line
    assert b"NV000001" not in line


def test_erase__no_message_names_her_any_more(forgotten):
    lines = b"\n".join(messages.raw_line(record) or b"" for record in SourceRecord.objects.all())

    assert b"NV000001" not in lines
    assert b"alice@example.org" not in lines
    assert b"NV000002" in lines


@pytest.mark.parametrize("source", ["loyalty_members", "loyalty_activity", "pnr", "consents", "web_events"])
def test_erase__the_feed_names_her_again__she_is_turned_away(forgotten, source):
    before = forgotten.reports[source].counts
    bobs = everything_of(forgotten.bob)

    again = pipeline.ingest(source, forgotten.files[source]).counts

    assert again.read == before.read
    assert (again.new, again.updated) == (0, 0)
    assert again.quarantined > 0
    assert not Customer.objects.filter(id=forgotten.alice).exists()
    assert selectors.find_customers("alice@example.org", purpose="servicing") == []
    assert everything_of(forgotten.bob) == bobs
    assert not QuarantinedRow.objects.exists()


def test_erase__a_changed_booking_with_her__reaches_the_other_passenger_alone(forgotten, take_in):
    [two] = [json.loads(line) for line in forgotten.files["pnr"].read_text().splitlines() if "TWOFLY" in line]
    two["ancillaries"][1]["price_minor"] = 4000

    again = take_in("pnr", [two]).counts

    assert (again.new, again.updated, again.unchanged, again.quarantined) == (0, 1, 0, 1)
    [extra] = Event.objects.filter(customer_id=forgotten.bob, kind=5)
    assert extra.value_base_minor == 4000
    line = messages.raw_line(SourceRecord.objects.get(id=extra.record_id))
    assert b"ANDERSSON" not in line
    assert b"alice@example.org" not in line


def test_erase__her_device_is_nobodys(forgotten):
    assert UnlinkedKey.objects.count() == 1
    assert Event.objects.filter(kind=10, customer_id__isnull=False).count() == 0


def test_access__the_package_tells_what_the_sources_said(world, dpo):
    request = requests.open_request("access", world.alice, by=dpo)
    requests.verify_identity(request, how="signed in", by=dpo)

    requests.answer(request.id)

    request.refresh_from_db()
    package = json.loads(requests.package_of(request, by=dpo))["data"]["profiles"]
    assert package["profile"]["email"] == "alice@example.org"
    assert len(package["loyalty_activity"]) == 9
    assert any(people.ALICE in record["line"] for record in package["source_records"])
    assert len(package["tickets"]) == 9
