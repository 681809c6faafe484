-- undo_bookings: the bookings that the run wrote, and whether it made them.
-- Reads: undo_records, undo_customers, profiles_passenger, lib_undorow. Named parameters: run, first_id.
CREATE TEMP TABLE undo_bookings ON COMMIT DROP AS
WITH written AS (
    SELECT p.booking_id AS id
    FROM undo_customers c
    JOIN profiles_passenger p ON p.bucket = c.bucket AND p.customer_id = c.id
    JOIN undo_records r ON r.record_id = p.record_id AND r.landed
    UNION
    SELECT u.owner FROM lib_undorow u WHERE u.run_id = %(run)s AND u.table_name = 'profiles_booking'
)

SELECT
    w.id, get_byte(uuid_send(w.id), 15)::smallint AS bucket,
    w.id >= %(first_id)s AND NOT EXISTS (
        SELECT FROM profiles_passenger p
        WHERE p.booking_id = w.id AND NOT EXISTS (SELECT FROM undo_records r WHERE r.record_id = p.record_id)
    ) AND NOT EXISTS (
        SELECT FROM lib_undorow u
        WHERE u.run_id = %(run)s AND u.table_name = 'profiles_passenger' AND u.existed
            AND (u.image ->> 'booking_id')::uuid = w.id
            AND NOT EXISTS (SELECT FROM undo_records r WHERE r.record_id = (u.image ->> 'record_id')::uuid)
    ) AS born
FROM written w
