"""Pages on which people are merged, split and given back: a look first, a reason always, and only for those who may."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.utils.html import escape

from iaros.accounts.models import User
from privacy.models import AuditEvent
from profiles import identity_acts
from profiles.identity import search_keys
from profiles.models import Customer, IdentityAct, Link, LinkRule
from profiles.selectors import survivor_of
from tests import world as people

SERVICING = "?purpose=servicing"


@pytest.fixture
def two(take_in, customer) -> tuple[UUID, UUID]:
    """Ann, and Ann again by another number, with a trip."""
    take_in("loyalty_members", [people.member("7", "Ann", "Ekman", City="Lund"), people.member("8", "Anna", "Ekman")])
    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "ANN", "EKMAN", loyalty_number="8")])])
    one, other = sorted((customer("7"), customer("8")))
    return one, other


def test_merge__shows_what_would_change__and_then_does_it(two, signed_in):
    one, other = two
    client = signed_in("data_steward")
    address = f"/customers/{one}/merge/{SERVICING}&other={other}"

    seen = client.get(address)
    unsaid = client.post(address, {"other": other, "reason": " "})
    assert survivor_of(other) == other
    done = client.post(address, {"other": other, "reason": "seen at the desk"})

    page = seen.content.decode()
    assert "Preview, nothing written" in page
    assert "Records and events" in page
    assert unsaid.status_code == 422
    assert done.status_code == 302
    assert survivor_of(other) == one
    told = client.get(done.url).content.decode()
    assert "Decided by people" in told
    assert "seen at the desk" in told


def test_a_merge__is_taken_back_from_the_page(two, signed_in):
    one, other = two
    client = signed_in("dpo")
    client.post(f"/customers/{one}/merge/{SERVICING}", {"other": other, "reason": "seen"})
    act = IdentityAct.objects.get()

    seen = client.get(f"/identity/acts/{act.id}/undo/{SERVICING}")
    client.post(f"/identity/acts/{act.id}/undo/{SERVICING}", {"reason": "two sisters"})

    assert "Take a merged back" not in seen.content.decode()
    assert "Take back" in seen.content.decode()
    assert survivor_of(other) == other
    assert AuditEvent.objects.filter(action="took a merge back", reason="two sisters").exists()


def test_split__takes_the_chosen_record_off(two, signed_in):
    link = Link.objects.get(rule=LinkRule.LOYALTY_NUMBER)
    holder, record = link.customer_id, link.record_id
    client = signed_in("data_steward")

    seen = client.get(f"/customers/{holder}/split/{SERVICING}&record={record}")
    client.post(f"/customers/{holder}/split/{SERVICING}", {"record": str(record), "reason": "not hers"})

    assert seen.status_code == 200
    assert Link.objects.get(record_id=record, ended_at=None).customer_id != holder
    assert Customer.objects.living().count() == 3


def test_a_look_at_what_would_change__has_its_price(two, signed_in, django_assert_max_num_queries):
    one, other = two
    client = signed_in("data_steward")
    record = Link.objects.get(rule=LinkRule.LOYALTY_NUMBER).record_id
    act = identity_acts.merge_customers(one=one, other=other, by=client_user(client), reason="seen")
    addresses = {
        "/identity/acts/1/undo/": (f"/identity/acts/{act.id}/undo/", {}),
        "/customers/1/split/": (f"/customers/{one}/split/", {"record": str(record)}),
        "/customers/1/merge/": (f"/customers/{one}/merge/", {"q": "Ekman"}),
    }

    for address, query in addresses.values():
        # The act is carried out and taken back: what it costs does not grow with the base.
        with django_assert_max_num_queries(260):
            assert client.get(address, {"purpose": "servicing", **query}).status_code == 200


def client_user(client) -> User:
    return User.objects.get(id=client.session["_auth_user_id"])


def test_what_cannot_be__is_said(two, signed_in):
    one, _ = two
    client = signed_in("data_steward")

    told = client.get(f"/customers/{one}/merge/{SERVICING}&other={one}", follow=True).content.decode()
    none_chosen = client.get(f"/customers/{one}/split/{SERVICING}", follow=True).content.decode()

    assert "one and the same customer" in told
    assert "None of these records" in none_chosen


def test_the_other_one__is_found_by_name(two, signed_in):
    one, other = two
    search_keys.refresh_customers(two)
    page = signed_in("data_steward").get(f"/customers/{one}/merge/{SERVICING}&q=Ekman").content.decode()

    assert f"other={other}" in page
    assert f"other={one}" not in page


@pytest.mark.parametrize("role", ["analyst", "data_scientist", "operator"])
def test_only_those_who_may__merge_and_split(two, signed_in, role):
    one, other = two
    client = signed_in(role)

    assert client.get(f"/customers/{one}/merge/{SERVICING}&other={other}").status_code == 403
    assert client.post(f"/customers/{one}/split/{SERVICING}", {"reason": "x"}).status_code == 403
    assert survivor_of(other) == other


def test_analysts__may_look__without_the_buttons(two, signed_in):
    page = signed_in("analyst").get(f"/customers/{two[0]}/identities/").content.decode()

    assert "Why this record" in page
    assert "Split the chosen off" not in page


def test_a_certain_link__shows_its_keys__a_probable_one_its_weights(two, signed_in):
    link = Link.objects.get(rule=LinkRule.LOYALTY_NUMBER)
    client = signed_in("dpo")
    certain = client.get(f"/customers/{link.customer_id}/identities/{SERVICING}&record={link.record_id}")
    parts = [["prior", "1 in 330 pairs", -8.4], ["surname", "exact", 7.9], ["birth_date", "exact", 7.2]]
    Link.objects.filter(record_id=link.record_id).update(evidence={"parts": parts, "model": 1})

    probable = client.get(f"/customers/{link.customer_id}/identities/{SERVICING}&record={link.record_id}")

    assert "Identifies this person alone" in certain.content.decode()
    page = probable.content.decode()
    assert page.count("waterfall-bar") == len(parts) + 1
    assert "p = 0.9905" in page
    assert escape("+7.9") in page


def test_who_lives_and_travels_with_somebody__stands_beside_identity(take_in, customer, signed_in):
    here = {"Address": "Storgatan 1", "Postal_Code": "222 22"}
    take_in(
        "loyalty_members", [people.member("7", "Ann", "Ekman", **here), people.member("8", "Olof", "Ekman", **here)]
    )
    pair = [people.passenger(1, "ANN", "EKMAN", loyalty_number="7"), people.passenger(2, "OLOF", "EKMAN",
            loyalty_number="8")]  # fmt: skip
    take_in("pnr", [people.booking("TRIP01", pair)])
    search_keys.refresh_customers([customer("7"), customer("8")])

    page = signed_in("analyst").get(f"/customers/{customer('7')}/identities/").content.decode()

    assert "Olof Ekman" in page
    assert "Same surname and address" in page
    assert "1 trip together" in page
