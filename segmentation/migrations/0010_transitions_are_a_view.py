"""Transitions are read from the moves, one by one; the table they stood in goes."""

from django.db import migrations

_VIEW = """
DROP TABLE segmentation_transition;
CREATE VIEW segmentation_transition AS
SELECT m.bucket, m.customer_id, s.id AS segment_id, m.at,
       CASE WHEN move & 32768 <> 0 THEN 'left' ELSE 'entered' END::varchar(8) AS direction,
       (move >> 16)::smallint AS version
FROM segmentation_moves m
CROSS JOIN LATERAL unnest(m.moves) AS move
JOIN segmentation_segment s ON s.position = move & 32767;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("segmentation", "0009_carry_transitions_over"),
    ]

    operations = [
        migrations.RunSQL(
            _VIEW,
            state_operations=[
                migrations.AlterModelOptions("transition", {"managed": False}),
                migrations.RemoveIndex("transition", "segmentation_transition_of"),
                migrations.RemoveIndex("transition", "segmentation_transition_in"),
            ],
        ),
    ]
