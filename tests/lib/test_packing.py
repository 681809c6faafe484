"""Indexes whose pages stand half empty are built anew, and nothing else is."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from iaros.lib import packing
from iaros.lib.packing import Weight


@pytest.fixture
def loose(transactional_db):
    """An index that was filled in no order."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE packed_things (word text, number integer)")
        cursor.execute("CREATE INDEX packed_words ON packed_things (word)")
        cursor.execute("INSERT INTO packed_things SELECT md5(n::text), n FROM generate_series(1, 20000) n")
        cursor.execute("ANALYZE packed_things")
    yield "packed_words"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE packed_things")


def _weight(name: str) -> Weight:
    return next(weight for weight in packing.weights() if weight.name == name)


def test_packed__an_index_is_smaller__and_finds_what_it_found(loose):
    before = _weight(loose).size

    packing.pack()

    after = _weight(loose)
    assert after.size < 0.85 * before
    assert (after.packed_size, after.packed_rows) == (after.size, 20_000)
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("SELECT number FROM packed_things WHERE word = md5('4711')")
        assert cursor.fetchall() == [(4711,)]


def test_packed_before__is_left_alone(loose):
    packing.pack()

    assert packing.pack().indexes == 0


def test_grown_by_its_rows__is_not_loose():
    grown = Weight("i", "t", size=400_000, rows=4_000, packed_size=100_000, packed_rows=1_000)

    assert not grown.is_loose
    assert Weight("i", "t", size=600_000, rows=4_000, packed_size=100_000, packed_rows=1_000).is_loose
    assert not Weight("i", "t", size=16_384, rows=4_000).is_loose


@pytest.mark.parametrize(
    ("table", "over"),
    [("profiles_event_202609", True), ("profiles_event_202611", False), ("profiles_link_03", False)],
)
def test_month_that_is_over__needs_no_room(table, over):
    assert packing._is_over(table, date(2026, 12, 1)) is over
