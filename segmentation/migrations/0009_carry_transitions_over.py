"""Transitions become moves, all of a customer's of one moment together; so do the images that acts keep of them.

A move is a number: the position of the segment, 32768 where it was left, and the version of the rule above both.
"""

from django.db import migrations

_MOVES = """
INSERT INTO segmentation_moves (customer_id, at, bucket, moves)
SELECT t.customer_id, t.at, t.bucket,
       array_agg(t.version::int << 16 | CASE t.direction WHEN 'left' THEN 32768 ELSE 0 END | s.position
                 ORDER BY s.position)
FROM segmentation_transition t
JOIN segmentation_segment s ON s.id = t.segment_id
GROUP BY t.bucket, t.customer_id, t.at
ORDER BY t.at, t.bucket, t.customer_id
"""
_IMAGES = """
INSERT INTO lib_undorow (run_id, table_name, owner, existed, image, kept_at)
SELECT u.run_id, 'segmentation_moves', u.owner, true,
       jsonb_build_object(
           'bucket', u.image -> 'bucket', 'customer_id', u.image -> 'customer_id', 'at', u.image -> 'at',
           'moves', jsonb_agg((u.image ->> 'version')::int << 16
                              | CASE u.image ->> 'direction' WHEN 'left' THEN 32768 ELSE 0 END | s.position)),
       max(u.kept_at)
FROM lib_undorow u
JOIN segmentation_segment s ON s.id = (u.image ->> 'segment_id')::uuid
WHERE u.table_name = 'segmentation_transition' AND u.existed
GROUP BY u.run_id, u.owner, u.image -> 'bucket', u.image -> 'customer_id', u.image -> 'at';
DELETE FROM lib_undorow WHERE table_name = 'segmentation_transition';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0002_undo_rows"),
        ("segmentation", "0008_moves_of_a_moment_together"),
    ]

    operations = [
        migrations.RunSQL(_MOVES, "DELETE FROM segmentation_moves"),
        migrations.RunSQL(_IMAGES, migrations.RunSQL.noop),
    ]
