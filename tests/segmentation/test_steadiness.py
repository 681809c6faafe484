"""How sure memberships are is measured, and agrees with what separate refits say."""

from __future__ import annotations

import json
from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command

from iaros.lib.commands import Refused
from segmentation import features
from segmentation.features import rfm, store
from segmentation.models import Segment
from segmentation.segments import growing, membership, steadiness
from segmentation.segments.catalogue import ensure_default_segments
from tests.segmentation import population
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db


def test_limits__of_everybody__are_those_of_the_statement() -> None:
    population.facts(population.customers(60), each=20)
    features.materialise(AS_OF)

    people = np.vstack([block.columns(steadiness.HABIT) for block in store.blocks()]).astype(np.float64)

    found, stored = steadiness.limits(people), rfm.limits(AS_OF)
    for name in ("recency", "frequency", "monetary"):
        np.testing.assert_allclose(found[name], stored[name], rtol=1e-6)


def test_report__every_segment__has_size_stability_reason_and_owner() -> None:
    population.facts(population.customers(400), each=20)
    ensure_default_segments()
    growing.ensure_lattice()
    features.materialise(AS_OF)
    membership.refresh(AS_OF)

    found = steadiness.report()

    told = {one["slug"]: one for one in found["segments"]}
    # Four hundred people leave a split some points of chance.
    assert abs(found["confidence"] - found["refit_agreement"]) <= 0.1
    assert 0.5 < found["confidence"] < 1
    assert found["published"] == len(told) == Segment.objects.published().count()
    assert told["bag-buyers"]["stability"] == told["bag-buyers"]["confidence"] == 1
    assert 0 < told["value-top-value"]["stability"] < 1
    assert all(one["reason"] and one["owner"] for one in told.values())
    assert Segment.objects.get(slug="value-top-value").stability == told["value-top-value"]["stability"]


def test_command__nothing_stored__is_refused() -> None:
    with pytest.raises(Refused, match="refresh` first"):
        call_command("segments", stdout=StringIO())


def test_command__json__is_one_document(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    population.facts(population.customers(20), each=5)
    ensure_default_segments()
    features.materialise(AS_OF)
    membership.refresh(AS_OF)

    call_command("segments", "--json")

    assert json.loads(capfdbinary.readouterr().out)["published"] == 5
