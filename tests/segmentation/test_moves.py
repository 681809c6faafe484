"""What was entered and left at one moment lies in one row, and is told one by one."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.models import UndoRow
from iaros.lib.purposes import Channel, Purpose
from segmentation.models import Moves, Segment, Transition
from segmentation.segments import moves
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db
_OLD_TABLE = """
DROP VIEW segmentation_transition;
CREATE TABLE segmentation_transition (
    bucket smallint, customer_id uuid, segment_id uuid, at timestamptz, direction varchar(8), version smallint);
"""
_OLD_ROWS = """
INSERT INTO segmentation_transition
SELECT %(bucket)s, %(customer)s, s.id, %(at)s, CASE s.position WHEN 3 THEN 'left' ELSE 'entered' END,
       CASE s.position WHEN 3 THEN 0 ELSE 2 END
FROM segmentation_segment s WHERE s.position IN (3, 900)
"""
_OLD_IMAGES = """
INSERT INTO lib_undorow (run_id, table_name, owner, existed, image, kept_at)
SELECT %(run)s, 'segmentation_transition', t.customer_id, true, to_jsonb(t), now() FROM segmentation_transition t
"""
_RESTORED = """
SELECT m.* FROM lib_undorow u, LATERAL jsonb_populate_record(NULL::segmentation_moves, u.image) m
WHERE u.table_name = 'segmentation_moves'
"""
ENTERED_900, LEFT_3 = 2 << 16 | 900, 32768 | 3


@pytest.fixture
def segments():
    return [
        Segment.objects.create(
            slug=f"s{n}", name=f"S {n}", purpose=Purpose.MARKETING, channel=Channel.EMAIL, position=n
        )
        for n in (3, 900)
    ]


def test_moves__of_one_moment__are_told_one_by_one(segments) -> None:
    third, last = segments
    one = uuid7()

    Moves.objects.create(bucket=bucket_of(one), customer_id=one, at=AS_OF, moves=[LEFT_3, ENTERED_900])

    told = {row.segment_id: (row.direction, row.why) for row in Transition.objects.filter(customer_id=one)}
    assert told[third.id] == ("left", {"because": "retired"})
    assert told[last.id] == ("entered", {"because": "rule", "version": 2})


def test_by_day__of_one_segment__counts_its_moves_whatever_the_wording(segments) -> None:
    third, last = segments
    last.versions.create(number=2, rule={}, sentence="")
    for nth, numbers in enumerate(([LEFT_3, ENTERED_900], [1 << 16 | 900], [ENTERED_900 | 32768])):
        one = uuid7()
        Moves.objects.create(bucket=bucket_of(one), customer_id=one, at=AS_OF + timedelta(days=nth // 2), moves=numbers)

    found, everything = moves.by_day(AS_OF, segment_id=last.id), moves.by_day(AS_OF)

    assert sorted(found[last.id].values()) == [(0, 1), (2, 0)]
    assert list(found) == [last.id]
    assert everything[last.id] == found[last.id]
    assert list(everything[third.id].values()) == [(0, 1)]


def test_transitions_of_before__become_moves__and_so_do_kept_images(segments) -> None:
    carried = import_module("segmentation.migrations.0009_carry_transitions_over")
    one = uuid7()
    with connection.cursor() as cursor:
        cursor.execute(_OLD_TABLE)
        cursor.execute(_OLD_ROWS, {"bucket": bucket_of(one), "customer": one, "at": AS_OF})
        cursor.execute(_OLD_IMAGES, {"run": uuid7()})

        cursor.execute(carried._MOVES)
        cursor.execute(carried._IMAGES)
        cursor.execute(_RESTORED)
        restored = cursor.fetchall()

    [row] = Moves.objects.all()
    assert (row.customer_id, row.bucket, row.at, row.moves) == (one, bucket_of(one), AS_OF, [LEFT_3, ENTERED_900])
    assert restored == [(row.customer_id, row.at, row.bucket, row.moves)]
    assert set(UndoRow.objects.values_list("table_name", flat=True)) == {"segmentation_moves"}
