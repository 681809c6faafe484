"""Analysts read features in SQL: the same values, of those who may be analysed, and nothing else."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from iaros.lib.purposes import Purpose
from privacy import consent
from segmentation import features
from segmentation.features import store, views
from segmentation.features.catalogue import NAMES
from tests.segmentation import population
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db

ASKED = NAMES[::23]


def rows() -> dict[UUID, list[float]]:
    columns = ", ".join(f'"{name}"' for name in ASKED)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT customer_id, {columns} FROM analytics.features")
        return {row[0]: [np.nan if value is None else value for value in row[1:]] for row in cursor.fetchall()}


def test_view__values__are_those_of_the_store() -> None:
    people = population.customers(15)
    population.facts(people, each=20)
    features.materialise(AS_OF)

    views.create()

    found = rows()
    wanted = np.array([store.vector_of(one)[0][::23] for one in people])
    assert np.array_equal(np.array([found[one] for one in people], dtype=np.float32), wanted, equal_nan=True)


def test_view__who_objects__is_gone_at_once() -> None:
    people = population.customers(2)
    features.materialise(AS_OF)
    views.create()
    consent.record(
        [
            consent.ConsentEntry(
                customer_id=people[0],
                purpose=Purpose.ANALYTICS,
                state="objected",
                occurred_at=AS_OF,
                method="letter",
                source="dpo",
            )
        ]
    )

    assert list(rows()) == [people[1]]


def test_reader__sees_the_view_and_no_table() -> None:
    population.customers(1)
    features.materialise(AS_OF)
    views.create()

    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {views.READER}")
        cursor.execute("SELECT count(*) FROM analytics.features")
        assert cursor.fetchone()[0] == 1
        with pytest.raises(ProgrammingError) as refused, transaction.atomic():
            cursor.execute("SELECT 1 FROM profiles_profile")
        cursor.execute("RESET ROLE")

    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
