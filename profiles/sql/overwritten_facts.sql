-- overwritten_facts: which values of facts a run replaces, by table and field, with examples.
-- Facts are told anew by a changed mention: the nth fact of the former one is compared with the nth of the new one,
-- where both tell as many. Reads: lib_undorow, profiles_sourcerecord, profiles_message, profiles_link, the facts.
-- Named parameters: run, examples.
WITH superseded AS (
    SELECT former.id AS former_id, r.id AS record_id, r.bucket
    FROM lib_undorow u
    CROSS JOIN LATERAL jsonb_populate_record(NULL::profiles_sourcerecord, u.image) former
    JOIN profiles_sourcerecord r
        ON r.bucket = former.bucket AND r.native_key = former.native_key AND r.superseded_at IS NULL
    JOIN profiles_message m ON m.id = r.message_id
    WHERE u.run_id = %(run)s AND u.table_name = 'profiles_sourcerecord' AND u.existed AND m.run_id = %(run)s
),

told AS (
    SELECT u.table_name, s.record_id, u.image
    FROM superseded s
    JOIN lib_undorow u ON u.run_id = %(run)s AND (u.image ->> 'record_id')::uuid = s.former_id AND u.existed
    WHERE u.table_name = ANY(ARRAY['profiles_coupon', 'profiles_ancillary', 'profiles_loyaltyactivity', 'profiles_event'])
),

whose AS (
    SELECT s.record_id, l.bucket, l.customer_id
    FROM superseded s JOIN profiles_link l ON l.record_id = s.record_id
    WHERE l.ended_at IS NULL
),

now_told AS (
    SELECT 'profiles_coupon' AS table_name, w.record_id, to_jsonb(f) AS image
    FROM whose w JOIN profiles_coupon f USING (bucket, customer_id, record_id)
    UNION ALL
    SELECT 'profiles_ancillary', w.record_id, to_jsonb(f)
    FROM whose w JOIN profiles_ancillary f USING (bucket, customer_id, record_id)
    UNION ALL
    SELECT 'profiles_loyaltyactivity', w.record_id, to_jsonb(f)
    FROM whose w JOIN profiles_loyaltyactivity f USING (bucket, customer_id, record_id)
    UNION ALL
    SELECT 'profiles_event', w.record_id, to_jsonb(f)
    FROM whose w JOIN profiles_event f USING (bucket, customer_id, record_id)
),

former AS (
    SELECT table_name, record_id, image, count(*) OVER of_record AS told,
        row_number() OVER (PARTITION BY table_name, record_id ORDER BY image ->> 'id', image ->> 'ticket_number', image ->> 'number') AS nth
    FROM told WINDOW of_record AS (PARTITION BY table_name, record_id)
),

latter AS (
    SELECT table_name, record_id, image, count(*) OVER of_record AS told,
        row_number() OVER (PARTITION BY table_name, record_id ORDER BY image ->> 'id', image ->> 'ticket_number', image ->> 'number') AS nth
    FROM now_told WINDOW of_record AS (PARTITION BY table_name, record_id)
),

pair AS (
    SELECT f.table_name, f.record_id::text AS named, f.image AS was, l.image AS becomes
    FROM former f JOIN latter l USING (table_name, record_id, told, nth)
),

changed AS (
    SELECT p.table_name, before.key AS field, p.named, before.value AS was, after.value AS becomes,
        row_number() OVER (PARTITION BY p.table_name, before.key ORDER BY p.named) AS nth
    FROM pair p
    CROSS JOIN LATERAL jsonb_each_text(p.was) before
    JOIN LATERAL jsonb_each_text(p.becomes) after ON after.key = before.key
    WHERE before.value IS NOT NULL AND before.value IS DISTINCT FROM after.value
        AND before.key <> ALL(ARRAY['id', 'record_id', 'run_id', 'content_hash', 'ingested_at', 'bucket', 'customer_id',
            'booking_id'])
)

SELECT table_name, field, count(*) AS count,
    jsonb_agg(jsonb_build_object('of', named, 'was', was, 'becomes', becomes) ORDER BY nth)
        FILTER (WHERE nth <= %(examples)s) AS examples
FROM changed
GROUP BY table_name, field
