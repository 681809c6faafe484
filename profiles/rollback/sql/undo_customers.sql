-- undo_customers: whom the run touched: to whom its records were linked, who was folded, and into whom.
-- Reads: undo_records, profiles_link, profiles_customer, lib_undorow. Named parameters: run.
CREATE TEMP TABLE undo_customers ON COMMIT DROP AS
WITH named AS (
    SELECT l.customer_id AS id FROM profiles_link l JOIN undo_records r ON r.record_id = l.record_id
    UNION
    SELECT u.owner FROM lib_undorow u
    WHERE u.run_id = %(run)s AND u.owner IS NOT NULL AND u.table_name = ANY(ARRAY[
        'profiles_link', 'profiles_identifier', 'profiles_customer', 'profiles_profile', 'profiles_passenger',
        'profiles_coupon', 'profiles_ancillary', 'profiles_servicerequest', 'profiles_loyaltyactivity',
        'profiles_event', 'privacy_consentevent', 'privacy_subject'])
),

survivors AS (
    SELECT c.merged_into AS id FROM profiles_customer c JOIN named n
        ON c.bucket = get_byte(uuid_send(n.id), 15) AND c.id = n.id
    WHERE c.merged_into IS NOT NULL
)

SELECT known.id, get_byte(uuid_send(known.id), 15)::smallint AS bucket
FROM (SELECT id FROM named UNION SELECT id FROM survivors) known
