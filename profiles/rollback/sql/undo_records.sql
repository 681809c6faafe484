-- undo_records: the records that the run landed, and those that had waited and were linked by it.
-- Reads: undo_messages, profiles_sourcerecord, profiles_ingestrun, profiles_source, lib_undorow.
-- Named parameters: run, first_message, last_message.
CREATE TEMP TABLE undo_records ON COMMIT DROP AS
SELECT r.id AS record_id, r.bucket, true AS landed
FROM profiles_sourcerecord r
WHERE r.message_id BETWEEN %(first_message)s AND %(last_message)s AND r.message_id IN (SELECT id FROM undo_messages)
UNION
SELECT (u.image ->> 'record_id')::uuid, (u.image ->> 'record_bucket')::smallint, false
FROM lib_undorow u
JOIN profiles_ingestrun run ON run.id = u.run_id
JOIN profiles_source s ON s.id = run.source_id
WHERE u.run_id = %(run)s AND u.table_name = 'profiles_link' AND NOT u.existed AND s.name = 'waiting'
