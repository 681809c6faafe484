-- waiting: mentions of a source, and those that wait for somebody known by their keys: a bag without a booking.
-- Reads: profiles_message, profiles_sourcerecord, profiles_unlinkedkey. Named parameters: now.
WITH told AS (
    SELECT m.source_id, count(*) AS checked
    FROM profiles_sourcerecord r JOIN profiles_message m ON m.id = r.message_id
    WHERE r.superseded_at IS NULL AND m.received_at <= %(now)s GROUP BY m.source_id
),

waits AS (
    SELECT m.source_id, count(DISTINCT u.record_id) AS failed
    FROM profiles_unlinkedkey u
    JOIN profiles_sourcerecord r ON r.bucket = u.record_bucket AND r.id = u.record_id
    JOIN profiles_message m ON m.id = r.message_id
    GROUP BY m.source_id
)

SELECT told.source_id, told.checked, coalesce(waits.failed, 0) AS failed
FROM told LEFT JOIN waits USING (source_id)
