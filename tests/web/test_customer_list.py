"""The list of customers: who is worth most comes first, who never said a name stays out, and each page goes on."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import orjson
import pytest

from iaros.lib.ids import uuid7
from iaros.web.reads import customers as lists
from privacy import subjects
from profiles.models import SearchKeys
from profiles.sources.contract import PERSON_FIELDS
from segmentation.models import EntityKind, Score
from tests.segmentation import population

pytestmark = pytest.mark.django_db


@pytest.fixture
def flyer() -> Callable[..., UUID]:
    """Makes a customer of that name (none: a visitor who never said one), with what a model says of her value."""

    def make(name: str, value: float | None = None, **fields: str) -> UUID:
        [customer] = population.customers(1)
        person = {"surname": name or None, **fields}
        values = orjson.dumps([person.get(each) for each in PERSON_FIELDS])
        cipher = subjects.sealers([customer])[customer].seal(values, b"profile:" + customer.bytes)
        profile = population.profile(customer, cipher=cipher, provenance=b"\x00", **fields)
        SearchKeys.objects.create(
            bucket=profile.bucket, id=customer, keys=[7] if name else [], made_at=population.AS_OF
        )
        if value is not None:
            Score.objects.create(
                bucket=profile.bucket,
                entity_kind=EntityKind.CUSTOMER,
                entity_id=customer,
                customer_id=customer,
                name="value_12m",
                value=value,
                model_version_id=uuid7(),
                as_of=population.AS_OF,
            )
        return customer

    return make


def names(page: str, *expected: str) -> list[str]:
    return sorted((name for name in expected if f">{name}<" in page), key=page.index)


def test_the_most_valuable__come_first__and_who_never_said_a_name_stays_out(signed_in, flyer):
    flyer("Lowe", 10.0), flyer("Highman", 900.0), flyer("", 2000.0)

    page = signed_in("dpo").get("/customers/").content.decode()

    assert names(page, "Highman", "Lowe") == ["Highman", "Lowe"]
    assert "No name known" not in page


def test_everyone__is_shown_who_is_asked_for(signed_in, flyer):
    flyer("Lowe", 10.0), flyer("", 2000.0)

    page = signed_in("dpo").get("/customers/?show=everyone").content.decode()

    assert names(page, "No name known", "Lowe") == ["No name known", "Lowe"]


def test_without_any_score__the_newest_come_first(signed_in, flyer):
    flyer("Older"), flyer("Newer")

    page = signed_in("dpo").get("/customers/").content.decode()

    assert names(page, "Older", "Newer") == ["Newer", "Older"]


def test_tier_country_and_home__narrow_the_list__in_any_order(signed_in, flyer):
    flyer("Dane", 10.0, tier="Gold", country="DK", home_airport="CPH")
    flyer("Swede", 20.0, tier="Gold", country="SE", home_airport="ARN")
    client = signed_in("dpo")

    by_value = client.get("/customers/?tier=Gold&country=dk&home_airport=cph").content.decode()
    newest = client.get("/customers/?order=newest&country=SE").content.decode()
    nobody = client.get("/customers/?tier=Silver").content.decode()

    assert names(by_value, "Dane", "Swede") == ["Dane"]
    assert names(newest, "Dane", "Swede") == ["Swede"]
    assert "Nobody like this" in nobody


def test_pages_by_value__follow_each_other__with_equal_values_too(flyer, monkeypatch):
    everyone = {flyer(f"Name{i}", value) for i, value in enumerate((5.0, 5.0, 5.0, 1.0, 9.0))}
    monkeypatch.setattr(lists, "STRETCH", 0)
    asked = lists.Asked(order="value")

    first = [hit.id for hit in lists.listed(asked, "servicing", limit=2)]
    second = [hit.id for hit in lists.listed(asked, "servicing", first[-1], limit=2)]
    third = [hit.id for hit in lists.listed(asked, "servicing", second[-1], limit=2)]

    assert {*first, *second, *third} == everyone
    assert len(third) == 1


def test_a_page_is_full__however_few_of_the_order_pass_the_filter(flyer, monkeypatch):
    [flyer("", 100.0 + i) for i in range(5)]
    last = flyer("Named", 1.0)
    monkeypatch.setattr(lists, "STRETCH", 0)

    assert [hit.id for hit in lists.listed(lists.Asked(order="value"), "servicing", limit=1)] == [last]
