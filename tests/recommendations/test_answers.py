"""What a traveller is offered, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.purposes import Channel, Purpose
from privacy import consent, subjects
from profiles.models import Ancillary, Booking
from recommendations import pipeline, selectors
from recommendations.data_holder import RecommendationsHolder
from recommendations.models import Decision, Recommendation, RecommenderVersion
from tests.recommendations import town
from tests.recommendations.conftest import allow

pytestmark = pytest.mark.django_db


def offers(customer, **more):
    return selectors.recommend(customer, **{"purpose": Purpose.PERSONALISATION, "kind": "route", **more})


def test_recommend__sun_seeker__is_offered_sun_from_home_with_a_reason(refreshed_town):
    traveller = refreshed_town[0]
    taken = _booked(traveller)

    answer = offers(traveller)

    same_kind = town.SUN if taken[0][4:] in town.SUN else town.CITY
    assert {offer.item[:3] for offer in answer.items} == {taken[0][:3]}
    assert sum(offer.item[4:] in same_kind for offer in answer.items[:5]) >= 4
    assert answer.items[0].reason.startswith("You booked")
    assert answer.fallback_level == 0
    assert answer.as_of == town.AS_OF


def test_recommend__newcomer__is_offered_what_is_popular_from_home(refreshed_town):
    newcomer = refreshed_town[-1]

    answer = offers(newcomer)

    assert answer.fallback_level == 2
    assert {offer.source for offer in answer.items} == {"popularity"}
    assert answer.items[0].reason.startswith("Popular with travellers from")


def test_recommend__somebody_not_ranked_yet__is_offered_what_is_popular_with_everybody(refreshed_town, nobody):
    allow(nobody)

    answer = offers(nobody)

    assert answer.fallback_level == 3
    assert answer.items


def test_recommend__consent_was_withdrawn__is_refused_and_not_logged(refreshed_town):
    carol = refreshed_town[1]
    consent.record([consent.ConsentEntry(carol, Purpose.PERSONALISATION, "withdrawn", town.AS_OF + timedelta(days=1))])

    answer = offers(carol)

    assert answer.items == []
    assert answer.refused
    assert not Decision.objects.filter(customer_id=carol).exists()


def test_recommend__for_servicing__is_refused_since_an_offer_is_no_service(refreshed_town):
    answer = offers(refreshed_town[0], purpose=Purpose.SERVICING)

    assert answer.items == []
    assert "servicing" in answer.refused


def test_recommend__every_answer_is_logged_with_its_propensities(refreshed_town):
    answer = offers(refreshed_town[2], channel=Channel.APP, client="app-7")

    decision = Decision.objects.get(customer_id=refreshed_town[2])
    assert decision.id == answer.decision_id
    assert decision.items == [offer.item for offer in answer.items]
    assert decision.propensities == [1.0] * len(answer.items)
    assert (decision.policy, decision.version, decision.client) == ("hybrid", answer.model_version, "app-7")


def test_recommend__extra_put_on_the_next_trip_since__is_no_longer_offered(refreshed_town):
    traveller = refreshed_town[3]
    first = offers(traveller, kind="ancillary").items[0].item
    _buy_for_next_trip(traveller, first)

    answer = offers(traveller, kind="ancillary")

    assert first not in [offer.item for offer in answer.items]


def test_recommend__both_kinds__are_dealt_out_in_turns(refreshed_town):
    answer = offers(refreshed_town[4], kind=None, limit=4)

    assert [offer.kind for offer in answer.items] == ["route", "ancillary", "route", "ancillary"]
    assert [offer.rank for offer in answer.items] == [1, 2, 3, 4]


def test_recommend__costs_a_fixed_number_of_queries(refreshed_town):
    offers(refreshed_town[5])

    with CaptureQueriesContext(
        connection,
    ) as queries:
        offers(refreshed_town[5])

    assert len(queries) <= 11


def test_refresh__restricted_traveller__loses_the_stored_list(refreshed_town):
    bob = refreshed_town[6]
    subjects.restrict(bob)

    pipeline.rank_all(pipeline.champion("route"), town.AS_OF)

    assert not Recommendation.objects.filter(id=bob, kind="route").exists()


def test_refresh__twice__writes_one_list_a_traveller_and_trains_once(refreshed_town):
    reports = pipeline.refresh(town.AS_OF)

    assert Recommendation.objects.filter(kind="route").count() == len(refreshed_town)
    assert RecommenderVersion.objects.filter(kind="route").count() == 1
    assert [report.profiles for report in reports if "rank" in report.stage] == [len(refreshed_town)] * 2


def test_rank_one__new_booking__counts_at_once(refreshed_town):
    newcomer = refreshed_town[-2]
    at = town.AS_OF + timedelta(hours=1)
    home = offers(newcomer).items[0].item[:3]
    town.event(newcomer, 1, at, item=f"{home}-VIE", channel="web")

    pipeline.rank_one(pipeline.champion("route"), newcomer, at)

    answer = offers(newcomer)
    assert answer.fallback_level == 0
    assert any(offer.reason == f"You booked {home}-VIE once." for offer in answer.items)


def test_erase__nothing_of_the_person_is_left(refreshed_town):
    alice = refreshed_town[7]
    offers(alice)
    holder = RecommendationsHolder()

    exported = holder.export(alice)
    erased = holder.erase([alice])

    assert len(exported["decisions"]) == 1
    assert erased == {"recommendations": 2, "decisions": 1}
    assert holder.export(alice) == {}


def _booked(customer) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT item FROM profiles_event WHERE customer_id = %s AND kind = 1", [customer])
        return [row[0] for row in cursor.fetchall()]


def _buy_for_next_trip(customer, code: str) -> None:
    booking = uuid7()
    departs_at = town.AS_OF + timedelta(days=20)
    Booking.objects.create(
        bucket=bucket_of(booking),
        id=booking,
        locator="ABC123",
        created_at=town.AS_OF,
        modified_at=town.AS_OF,
        status="active",
        channel="web",
        currency="EUR",
        total_minor=1,
        total_base_minor=1,
        party_size=1,
        origin="CPH",
        destination="LIS",
        departs_at=departs_at,
    )
    Ancillary.objects.create(
        bucket=bucket_of(customer),
        customer_id=customer,
        record_id=uuid7(),
        booking_id=booking,
        code=code,
        price_minor=1,
        currency="EUR",
        price_base_minor=1,
        bought_at=town.AS_OF - timedelta(minutes=1),
    )
