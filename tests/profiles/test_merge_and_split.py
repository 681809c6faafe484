"""People are merged and split by hand: everything follows, everything comes back, and nobody is joined by mistake."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from iaros.accounts.models import User
from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.models import UndoRow
from iaros.lib.purposes import Purpose
from privacy import consent, subjects
from privacy.models import AuditEvent
from profiles import identity_acts, pipeline, selectors
from profiles.data_holder import ProfilesHolder
from profiles.identity_acts import CannotMerge, CannotSplit, CannotUndo
from profiles.models import (
    Booking,
    Customer,
    Event,
    Identifier,
    IdentityAct,
    Link,
    LinkRule,
    Passenger,
    ServiceRequest,
)
from recommendations.models import Recommendation
from segmentation import pipeline as segmentation
from segmentation import selectors as segments
from segmentation.models import CustomerListEntry, FeatureVector, Membership, Transition
from tests import world as people
from tests.world import ALICE, AS_OF, BOB

# The ledger keeps what was decided, and the trail who did it: these grow whatever is taken back.
THE_LEDGER = {"profiles_link", "profiles_identityact", "privacy_auditevent"}
_LINKS = ("customer_id", "record_id", "rule", "score", "evidence")


@pytest.fixture
def steward(db) -> User:
    return User.objects.create_user("steward")


@pytest.fixture(scope="module")
def two_customers(world, django_db_blocker, tmp_path_factory) -> tuple[UUID, UUID]:
    """Alice by her number, and Alice again by another: both with trips, consents and all that is derived."""
    folder = tmp_path_factory.mktemp("again")
    again = people.member("NV000009", "Alice", "Andersson", Email="alice@work.example", Phone="+4520999888")
    trip = people.passenger(1, "ALICE", "ANDERSSON", loyalty_number="NV000009")
    refused = people.said("m1", {"loyalty_number": "NV000009"}, "withdrawn", at="2026-09-02T10:00:00Z")
    with django_db_blocker.unblock():
        pipeline.ingest("loyalty_members", people.members_file(folder / "members.csv", [again]))
        booked = people.booking("AGAIN1", [trip])
        pipeline.ingest("pnr", people.json_file(folder / "pnr.ndjson", [booked]))
        pipeline.ingest("consents", people.json_file(folder / "consents.ndjson", [refused]))
        pipeline.refresh(as_of=AS_OF)
        segmentation.refresh(AS_OF)
    return world.alice, people.customer("NV000009")


@pytest.fixture
def two(two_customers, db) -> tuple[UUID, UUID]:
    return two_customers


def offered(customer_id: UUID) -> None:
    """A list as the recommender stores it; of a version that is no more, so that nobody ranks again."""
    where = {"bucket": bucket_of(customer_id), "id": customer_id, "version": 0}
    Recommendation.objects.create(
        **where, kind="route", ranked=b"", fallback_level=3, as_of=AS_OF, computed_at=timezone.now()
    )


def booked(*locators: str) -> list[UUID]:
    return list(Booking.objects.filter(locator__in=locators).values_list("id", flat=True))


def database() -> dict[str, list[str]]:
    """Every row of every table about people but the ledger's own, as the database prints it."""
    names = sorted(
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.managed and model._meta.app_label in ("profiles", "privacy", "segmentation", "recommendations")
    )
    found = {}
    with connection.cursor() as cursor:
        for name in names:
            if name not in THE_LEDGER:
                cursor.execute(f'SELECT t::text FROM "{name}" t ORDER BY 1')
                found[name] = [row for (row,) in cursor.fetchall()]
    found["links"] = sorted(map(str, Link.objects.filter(ended_at=None).values_list(*_LINKS)))
    return found


def unlike(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    return [name for name in before if before[name] != after[name]]


def test_merged_and_taken_back__everything_is_what_it_was_byte_for_byte(two, steward):
    one, other = two
    for each in two:
        offered(each)
    before = database()

    act = identity_acts.merge_customers(one=other, other=one, by=steward, reason="the same desk, the same voice")
    changed = unlike(before, database())
    identity_acts.undo_act(act_id=act.id, by=steward, reason="two sisters")

    assert {"profiles_profile", "profiles_event", "segmentation_featurevector", "segmentation_membership",
            "privacy_consentstate", "recommendations_recommendation", "links"} <= set(changed)  # fmt: skip
    assert unlike(before, database()) == []


def test_split_and_taken_back__everything_is_what_it_was(two, steward):
    one, _ = two
    record = Link.objects.filter(customer_id=one, ended_at=None, rule=LinkRule.LOYALTY_NUMBER).first().record_id
    before = database()

    act = identity_acts.split_customer(customer_id=one, records=[record], by=steward, reason="not hers")
    identity_acts.undo_act(act_id=act.id, by=steward, reason="hers after all")

    # Whoever was made by the split stays as an id that leads back: an id never changes its meaning.
    assert Customer.objects.get(id=act.other_id).merged_into == one
    left = {"profiles_customer", "privacy_subject"}
    assert set(unlike(before, database())) <= left


def test_merge__takes_the_places_on_lists_along__and_gives_them_back(two, steward):
    one, other = two
    listed = uuid7()
    CustomerListEntry.objects.create(bucket=bucket_of(other), list_id=listed, customer_id=other)

    act = identity_acts.merge_customers(one=one, other=other, by=steward, reason="seen")
    merged = set(CustomerListEntry.objects.filter(list_id=listed).values_list("customer_id", flat=True))
    identity_acts.undo_act(act_id=act.id, by=steward, reason="two sisters")

    assert merged == {one}
    assert set(CustomerListEntry.objects.filter(list_id=listed).values_list("customer_id", flat=True)) == {other}


def test_merge__the_oldest_id_survives__and_everything_follows(two, steward):
    one, other = two
    offered(other)
    events = Event.objects.filter(customer_id__in=two).count()

    identity_acts.merge_customers(one=other, other=one, by=steward, reason="seen at the desk")

    assert selectors.survivor_of(other) == one == min(two)
    assert Event.objects.filter(customer_id=one).count() == events
    assert not FeatureVector.objects.filter(id=other).exists()
    assert not Membership.objects.filter(id=other).exists()
    assert not Recommendation.objects.filter(id=other).exists()
    assert FeatureVector.objects.get(id=one).as_of == AS_OF
    assert not consent.decide(one, Purpose.PERSONALISATION).allowed  # the stricter of the two
    link = Link.objects.filter(customer_id=one, ended_at=None, rule=LinkRule.MANUAL).first()
    assert (link.actor, link.evidence["merged_from"]) == (steward, str(other))


def test_every_act__is_written_down_with_its_reason(two, steward):
    act = identity_acts.merge_customers(one=two[0], other=two[1], by=steward, reason="seen at the desk")
    identity_acts.undo_act(act_id=act.id, by=steward, reason="two sisters")

    told = AuditEvent.objects.filter(details__has_key="act").order_by("id").values_list("action", "actor", "reason")
    assert list(told) == [
        ("merged customers", "steward", "seen at the desk"),
        ("took a merge back", "steward", "two sisters"),
    ]


def test_sealed_services__open_for_whom_they_went_to(two, steward):
    one, other = two
    sealer = subjects.sealers([other])[other]
    record = Link.objects.filter(customer_id=other, ended_at=None).first().record_id
    cipher = sealer.seal(b'["WCHR", null]', b"service:" + other.bytes)
    where = {"bucket": bucket_of(other), "customer_id": other, "record_id": record}
    ServiceRequest.objects.create(**where, status="HK", cipher=cipher)

    identity_acts.merge_customers(one=one, other=other, by=steward, reason="seen")

    assert "WCHR" in {service["code"] for service in ProfilesHolder().export(one)["service_requests"]}


def test_split__takes_the_records_with_all_they_told(two, steward):
    one, _ = two
    trip = Event.objects.filter(customer_id=one, booking_id__isnull=False).first()
    before = Event.objects.filter(customer_id=one).count()
    theirs = Event.objects.filter(record_id=trip.record_id).count()

    act = identity_acts.split_customer(customer_id=one, records=[trip.record_id], by=steward, reason="not hers")

    new = act.other_id
    assert Event.objects.filter(customer_id=new).count() == theirs > 0
    assert Event.objects.filter(customer_id=one).count() == before - theirs
    assert selectors.profile_of(new, purpose=Purpose.SERVICING).values["surname"]
    assert FeatureVector.objects.filter(id=new).exists()
    assert Link.objects.get(customer_id=new, ended_at=None).evidence["split_from"] == str(one)
    # The number is on the member's own record as well, so it stays hers.
    assert people.customer(ALICE) == one


def test_partial_split__of_a_merge__gives_the_former_customer_back(two, steward):
    one, other = two
    keys = set(Identifier.objects.filter(customer_id=other).values_list("kind", "claims"))
    identity_acts.merge_customers(one=one, other=other, by=steward, reason="seen")

    identity_acts.split_customer(customer_id=one, records=[], into=other, by=steward, reason="two after all")

    assert selectors.survivor_of(other) == other
    assert set(Identifier.objects.filter(customer_id=other).values_list("kind", "claims")) == keys
    assert people.customer("NV000009") == other
    assert people.customer(ALICE) == one


def test_two_who_were_split__are_not_made_one_by_a_feed(two, steward, take_in):
    one, other = two
    act = identity_acts.merge_customers(one=one, other=other, by=steward, reason="seen")
    identity_acts.undo_act(act_id=act.id, by=steward, reason="two sisters")
    contact = people.email_of("alice@example.org", passenger=1, verified=True)
    both = people.passenger(1, "ALICE", "ANDERSSON", loyalty_number="NV000009")

    take_in("pnr", [people.booking("BOTHOF", [both], contacts=[contact])], "both")

    assert selectors.survivor_of(other) == other


def test_undo__after_something_was_told__keeps_it_and_derives_anew(two, steward, take_in):
    one, other = two
    act = identity_acts.merge_customers(one=one, other=other, by=steward, reason="seen")
    trip = people.passenger(1, "ALICE", "ANDERSSON", loyalty_number="NV000009")
    take_in("pnr", [people.booking("AGAIN2", [trip])], "later")

    identity_acts.undo_act(act_id=act.id, by=steward, reason="two sisters")

    assert people.customer("NV000009") == other
    trips = Passenger.objects.filter(customer_id=other).count()
    assert trips == Passenger.objects.filter(booking_id__in=booked("AGAIN1", "AGAIN2")).count() == 2
    assert Transition.objects.filter(customer_id=other).exists()
    assert segments.feature_values(other)["booking:count_730d"] == 2


def test_preview__says_what_would_change__and_changes_nothing(two, steward):
    one, other = two
    before = database()

    radius = identity_acts.preview_merge(one=one, other=other, by=steward)

    assert unlike(before, database()) == []
    assert not IdentityAct.objects.exists()
    assert not UndoRow.objects.filter(table_name="segmentation_featurevector").exists()
    assert {"consent", "told", "segments"} <= set(radius.by_kind)
    told = {(c.customer_id, c.name): (c.before, c.after) for c in radius.by_kind["told"]}
    assert int(told[one, "events"][1]) > int(told[one, "events"][0])
    [stricter] = [c for c in radius.by_kind["consent"] if c.customer_id == one]
    assert (stricter.before, stricter.after) == ("granted", "withdrawn")


def test_two_passengers_of_one_booking__cannot_be_merged(world, db, steward):
    with pytest.raises(CannotMerge, match="TWOFLY"):
        identity_acts.merge_customers(one=world.alice, other=world.bob, by=steward, reason="a couple")


def test_name_and_birth_date_that_differ__warn_before_a_merge(world, db, steward):
    assert identity_acts.merge_warnings(world.alice, world.carol)
    assert not identity_acts.merge_warnings(world.alice, world.alice)


def test_restricted_people__are_neither_merged_nor_split(world, db, steward):
    subjects.restrict(world.carol)

    with pytest.raises(CannotMerge, match="restricted"):
        identity_acts.merge_customers(one=world.alice, other=world.carol, by=steward, reason="x")
    with pytest.raises(CannotSplit, match="restricted"):
        identity_acts.split_customer(customer_id=world.carol, records=[uuid7()], by=steward, reason="x")


def test_split__of_everything_or_of_nothing__is_refused(world, db, steward):
    bob = people.customer(BOB)
    everything = list(Link.objects.filter(customer_id=bob, ended_at=None).values_list("record_id", flat=True))

    with pytest.raises(CannotSplit, match="At least one"):
        identity_acts.split_customer(customer_id=bob, records=everything, by=steward, reason="x")
    with pytest.raises(CannotSplit, match="None of these"):
        identity_acts.split_customer(customer_id=bob, records=[uuid7()], by=steward, reason="x")


def test_undo__of_an_act_that_another_was_built_on__is_refused(two, steward):
    one, other = two
    first = identity_acts.merge_customers(one=one, other=other, by=steward, reason="seen")
    record = Link.objects.filter(customer_id=one, ended_at=None, rule=LinkRule.LOYALTY_NUMBER).first().record_id
    identity_acts.split_customer(customer_id=one, records=[record], by=steward, reason="not hers")

    with pytest.raises(CannotUndo, match="later"):
        identity_acts.undo_act(act_id=first.id, by=steward, reason="x")
    assert Identifier.objects.filter(customer_id=one).exists()


def test_undo__after_a_refresh__derives_anew_and_keeps_what_was_logged(two, steward):
    one, other = two
    entered = Transition.objects.filter(customer_id=other).count()
    act = identity_acts.merge_customers(one=one, other=other, by=steward, reason="seen")
    segmentation.refresh(AS_OF + timedelta(days=1))
    logged = set(Transition.objects.filter(customer_id=one).values_list("segment_id", "at"))

    identity_acts.undo_act(act_id=act.id, by=steward, reason="two sisters")

    assert FeatureVector.objects.get(id=other).as_of == AS_OF + timedelta(days=1)
    assert Transition.objects.filter(customer_id=other).count() >= entered
    assert logged <= set(Transition.objects.filter(customer_id=one).values_list("segment_id", "at"))
