"""Lists that somebody brings: rows name customers, whoever cannot be told for certain is left out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from iaros.lib.ids import uuid7
from privacy import encryption
from profiles.models import Customer, Identifier, IdentifierKind
from segmentation import features
from segmentation.models import CustomerList, CustomerListEntry
from segmentation.segments import lists, membership, publishing
from segmentation.segments.lists import ListKey
from tests.segmentation import population
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db


@pytest.fixture
def four() -> list[UUID]:
    return population.customers(4)


def has(person: UUID, kind: IdentifierKind, value: str, *, claims: bool = True) -> None:
    lookup = encryption.lookup_keys(kind.keyed_as, [value])[0]
    Identifier.objects.create(lookup=lookup, kind=kind, customer_id=person, record_id=uuid7(), claims=claims)


def on(slug: str) -> set[UUID]:
    known = CustomerList.objects.get(slug=slug)
    return set(CustomerListEntry.objects.filter(list_id=known.id).values_list("customer_id", flat=True))


def test_ids__stand_on_the_list__and_headings_and_strangers_do_not(four: list[UUID]) -> None:
    text = f"customer_id;note\n{four[0]};vip\n{four[1]}\n\n{uuid7()}\n"

    brought = lists.bring(name="Guests of the gala", key=ListKey.CUSTOMER_ID, text=text)

    assert on("guests-of-the-gala") == {four[0], four[1]}
    assert (brought.rows, brought.unreadable, brought.people) == (4, 1, 2)


def test_somebody_who_was_merged__stands_on_it_as_who_they_are_today(four: list[UUID]) -> None:
    Customer.objects.filter(id=four[1]).update(merged_into=four[0])

    lists.bring(name="Both", key=ListKey.CUSTOMER_ID, text=f"{four[0]}\n{four[1]}")

    assert on("both") == {four[0]}


def test_a_number__is_that_of_whoever_claims_it(four: list[UUID]) -> None:
    has(four[0], IdentifierKind.LOYALTY_NUMBER, "NV100")
    has(four[1], IdentifierKind.LOYALTY_NUMBER, "NV100", claims=False)

    lists.bring(name="Members", key=ListKey.LOYALTY_NUMBER, text="number\nNV100\nNV999\n")

    assert on("members") == {four[0]}


def test_an_e_mail__is_standardised__and_one_that_two_share_names_nobody(four: list[UUID]) -> None:
    has(four[0], IdentifierKind.EMAIL, "alice@example.com", claims=False)
    has(four[1], IdentifierKind.EMAIL, "family@example.com", claims=False)
    has(four[2], IdentifierKind.EMAIL, "family@example.com", claims=False)

    lists.bring(name="Mail", key=ListKey.EMAIL, text="Alice@Example.COM ,x\nfamily@example.com,y\n")

    assert on("mail") == {four[0]}


def test_a_list_of_the_same_name__is_replaced(four: list[UUID]) -> None:
    lists.bring(name="Gala", key=ListKey.CUSTOMER_ID, text=str(four[0]))

    lists.bring(name="Gala", key=ListKey.CUSTOMER_ID, text=str(four[1]))

    assert on("gala") == {four[1]}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"name": " ", "text": "x"}, "a list needs a name"),
        ({"name": "Gala", "text": "nobody\nhere"}, "no row holds a customer id"),
        ({"name": "Gala", "text": "a\n" * (lists.MOST_ROWS + 1)}, "200,000 at most"),
    ],
)
def test_a_file_that_gives_no_list__is_refused(told: dict[str, Any], why: str) -> None:
    with pytest.raises(lists.CannotBring, match=why):
        lists.bring(key=ListKey.CUSTOMER_ID, **told)

    assert not CustomerList.objects.exists()


def test_members_of_a_segment_that_names_it__are_those_on_it__and_it_is_not_forgotten(four: list[UUID]) -> None:
    brought = lists.bring(name="Gala", key=ListKey.CUSTOMER_ID, text=str(four[0]))
    rule = {"all": [{"list": "gala", "op": "in"}]}
    segment = publishing.publish(publishing.draft(name="At the gala", rule=rule, purpose="marketing", channel="email"))
    features.materialise(AS_OF)

    membership.refresh(AS_OF)

    segment.refresh_from_db()
    assert segment.size == 1
    with pytest.raises(lists.ListUsed, match="at-the-gala"):
        lists.drop(brought.customer_list)


def test_a_list_that_nobody_names__is_forgotten_with_all_on_it(four: list[UUID]) -> None:
    brought = lists.bring(name="Gala", key=ListKey.CUSTOMER_ID, text=str(four[0]))

    lists.drop(brought.customer_list)

    assert not CustomerListEntry.objects.exists()
