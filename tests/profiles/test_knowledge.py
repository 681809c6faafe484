"""What was known at a moment, and what else was said: from links and records, nothing kept for it."""

from __future__ import annotations

from datetime import timedelta

from iaros.accounts.models import User
from iaros.lib import clock
from iaros.lib.purposes import Purpose
from privacy import consent
from privacy.consent import ConsentEntry
from profiles import identity_acts, knowledge, selectors
from profiles.models import Link, Message
from tests import world as people

SERVICING = Purpose.SERVICING


def received(moment) -> None:
    """What came in last, and who it was linked to, is of that moment."""
    Message.objects.filter(received_at__gt=clock.now() - timedelta(minutes=5)).update(received_at=moment)
    Link.objects.filter(linked_at__gt=clock.now() - timedelta(minutes=5)).update(linked_at=moment)


def test_as_of__says_what_was_known_then(take_in, customer):
    march, november = clock.now() - timedelta(days=200), clock.now()
    take_in("loyalty_members", [people.member("7", "Ann", "Ek", City="Lund", Birth_Date="1984-05-17")])
    received(march)
    later = [people.member("7", "Ann", "Ek", City="Malmö", Birth_Date="1984-05-17", Phone="+4520111222")]
    take_in("loyalty_members", later, "later")
    ann = customer("7")

    then = knowledge.profile_as_of(ann, march + timedelta(days=1), purpose=SERVICING, reveal=True)
    now = knowledge.profile_as_of(ann, clock.now(), purpose=SERVICING, reveal=True)

    assert (then.values["city"], then.values["phone"]) == ("Lund", None)
    assert (now.values["city"], now.values["phone"]) == ("Malmö", "+4520111222")
    assert now.values == selectors.profile_of(ann, purpose=SERVICING, reveal=True).values
    assert then.origins["city"].received_at < november
    assert knowledge.profile_as_of(ann, march - timedelta(days=1), purpose=SERVICING) is None


def test_as_of__before_a_merge__each_id_answers_for_itself(take_in, customer, django_user_model):
    before = clock.now()
    take_in("loyalty_members", [people.member("7", "Ann", "Ek"), people.member("8", "Anna", "Ek", City="Lund")])
    one, other = sorted((customer("7"), customer("8")))
    two = clock.now()
    steward: User = django_user_model.objects.create_user("steward")
    identity_acts.merge_customers(one=one, other=other, by=steward, reason="seen")

    names = {knowledge.profile_as_of(each, two, purpose=SERVICING).values["given_name"] for each in (one, other)}

    assert names == {"Ann", "Anna"}
    assert knowledge.profile_as_of(one, clock.now(), purpose=SERVICING).records == 2
    assert knowledge.profile_as_of(other, clock.now(), purpose=SERVICING) is None
    assert before < two


def test_as_of__keeps_the_gate(take_in, customer):
    take_in("loyalty_members", [people.member("7", "Ann", "Ek")])
    ann = customer("7")
    consent.record([ConsentEntry(ann, Purpose.ANALYTICS, "objected", clock.now())])

    assert knowledge.profile_as_of(ann, clock.now(), purpose=Purpose.ANALYTICS) is None
    assert knowledge.candidates_of(ann, purpose=Purpose.ANALYTICS) == []


def test_candidates__of_a_field_on_which_sources_differ__each_with_its_witnesses(take_in, customer):
    take_in("loyalty_members", [people.member("7", "Ann", "Ek")])
    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "ANN", "NYBY", loyalty_number="7")])])

    told = {c.value.casefold(): c for c in knowledge.candidates_of(customer("7"), purpose=SERVICING)}

    assert {"ek", "nyby"} <= set(told)
    assert (told["ek"].published, told["nyby"].published) == (True, False)
    assert [w.source for w in told["nyby"].witnesses] == ["pnr"]
    assert 0 < told["nyby"].probability < told["ek"].probability < 1


def test_a_value_below_its_threshold__is_a_candidate_and_not_published(take_in, customer):
    take_in("loyalty_members", [people.member("7", "Ann", "Ek", Birth_Date="1984-05-17")])
    ann = customer("7")
    others = ["1985-01-01", "1986-01-01", "1987-01-01"]
    for at, born in enumerate(others):
        trip = people.passenger(1, "ANN", "EK", loyalty_number="7", birth_date=born)
        take_in("pnr", [people.booking(f"TRIP0{at}", [trip])], str(at))
    told = [c for c in knowledge.candidates_of(ann, purpose=SERVICING, reveal=True) if c.field == "birth_date"]

    assert len(told) == 4
    assert sum(c.probability for c in told) < 1
    assert [c.published for c in told] == [told[0].probability >= told[0].published_from, False, False, False]
