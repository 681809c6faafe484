-- later_runs: the runs that were not over when this one began, and changed or used what it brought; with the reason.
-- Reads: undo_records, undo_customers, undo_born, undo_bookings, profiles_ingestrun, profiles_sourcerecord,
-- profiles_message, profiles_link, profiles_identifier, profiles_event, lib_undorow. Named parameters: run, began, told, traveller, by_name.
WITH later AS (
    SELECT id, source_id FROM profiles_ingestrun
    WHERE id <> %(run)s AND state <> 'rolled_back' AND (finished_at IS NULL OR finished_at >= %(began)s)
),

mine AS (
    SELECT table_name, owner, min(id) AS first FROM lib_undorow
    WHERE run_id = %(run)s AND owner IS NOT NULL GROUP BY table_name, owner
),

-- Mentions that later runs linked to the same people.
linked AS (
    SELECT c.id AS customer_id, c.bucket, l.rule, m.run_id, m.source_id
    FROM undo_customers c
    JOIN profiles_link l ON l.bucket = c.bucket AND l.customer_id = c.id
    JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
    JOIN profiles_message m ON m.id = r.message_id
    WHERE m.run_id IN (SELECT id FROM later)
),

known_by AS (
    SELECT i.customer_id, bool_or(i.kind <> %(traveller)s) AS by_more_than_a_name
    FROM undo_customers c JOIN profiles_identifier i ON i.customer_id = c.id
    WHERE i.record_id IN (SELECT record_id FROM undo_records)
    GROUP BY i.customer_id
)

SELECT run_id, 'tells of people whom this run made' AS why
FROM linked WHERE customer_id IN (SELECT id FROM undo_born)
UNION
SELECT run_id, 'knows people by keys that this run brought'
FROM linked JOIN known_by USING (customer_id)
WHERE known_by.by_more_than_a_name OR linked.rule = ANY(%(by_name)s)
UNION
SELECT u.run_id, 'linked mentions by keys that this run brought'
FROM known_by k JOIN lib_undorow u ON u.owner = k.customer_id AND u.table_name = 'profiles_link' AND NOT u.existed
WHERE u.run_id IN (SELECT id FROM later)
UNION
SELECT run_id, 'tells of people whom this run folded into one'
FROM linked WHERE customer_id IN (
    SELECT c.merged_into FROM profiles_customer c JOIN mine ON c.id = mine.owner AND mine.table_name = 'profiles_customer'
    WHERE c.bucket = get_byte(uuid_send(mine.owner), 15)
)
UNION
SELECT linked.run_id, 'left out what this run had told already'
FROM linked
WHERE EXISTS (
    SELECT FROM profiles_event e
    WHERE e.bucket = linked.bucket AND e.customer_id = linked.customer_id AND e.kind = ANY(%(told)s)
        AND e.record_id IN (SELECT record_id FROM undo_records)
) AND linked.source_id <> (SELECT source_id FROM profiles_ingestrun WHERE id = %(run)s)
UNION
SELECT u.run_id, 'changed the same rows later'
FROM mine JOIN lib_undorow u ON u.owner = mine.owner AND u.table_name = mine.table_name AND u.id > mine.first
WHERE u.run_id IN (SELECT id FROM later)
UNION
SELECT u.run_id, 'changed what this run brought'
FROM lib_undorow u
WHERE u.run_id IN (SELECT id FROM later) AND (
    u.owner IN (SELECT record_id FROM undo_records)
    OR u.owner IN (SELECT id FROM undo_born)
    OR (u.owner IN (SELECT id FROM undo_bookings) AND u.table_name IN ('profiles_booking', 'profiles_flightleg'))
    OR (u.owner IN (SELECT id FROM undo_customers)
        AND (u.image ->> 'record_id')::uuid IN (SELECT record_id FROM undo_records))
    OR (u.table_name <> 'profiles_quarantinedrow' AND u.image ->> 'run_id' = %(run)s::text)
)
-- One reason is told of several, always the same one.
ORDER BY why, run_id
