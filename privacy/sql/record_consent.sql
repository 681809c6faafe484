-- record_consent: landed statements into the ledger and, in the same statement, the states that follow from them.
-- Reads: consent_landing, privacy_subject. Writes: privacy_consentevent, privacy_consentstate.
-- Safe to re-run: a statement already in the ledger is left alone. Late statements never undo newer ones; at equal
-- times the stricter one stands. What is said about an erased person is dropped.
-- Named parameters: strictness (states from the most to the least permissive).
WITH fresh AS (
    INSERT INTO privacy_consentevent (
        bucket, id, customer_id, recorded_for, record_id, purpose, channel, state, occurred_at, received_at,
        method, policy_version, language, source
    )
    SELECT DISTINCT ON (l.bucket, l.customer_id, l.purpose, l.channel, l.state, l.occurred_at, l.record_id)
        l.bucket, l.id, l.customer_id, l.customer_id, l.record_id, l.purpose, l.channel, l.state, l.occurred_at,
        now(), l.method, l.policy_version, l.language, l.source
    FROM consent_landing l
    WHERE NOT EXISTS (
        SELECT 1
        FROM privacy_consentevent e
        WHERE e.bucket = l.bucket
            AND e.customer_id = l.customer_id
            AND e.purpose = l.purpose
            AND e.channel = l.channel
            AND e.occurred_at = l.occurred_at
            AND e.state = l.state
            AND e.record_id IS NOT DISTINCT FROM l.record_id
    )
    AND NOT EXISTS (
        SELECT 1 FROM privacy_subject s WHERE s.bucket = l.bucket AND s.id = l.customer_id AND s.erased_at IS NOT NULL
    )
    RETURNING bucket, customer_id, purpose, channel, state, occurred_at
),

newest AS (
    SELECT DISTINCT ON (bucket, customer_id, purpose, channel)
        bucket, customer_id, purpose, channel, state, occurred_at
    FROM fresh
    ORDER BY
        bucket, customer_id, purpose, channel,
        occurred_at DESC, array_position(%(strictness)s::text[], state::text) DESC
),

stated AS (
    INSERT INTO privacy_consentstate (bucket, customer_id, purpose, channel, state, occurred_at)
    SELECT bucket, customer_id, purpose, channel, state, occurred_at FROM newest
    ON CONFLICT (bucket, customer_id, purpose, channel) DO UPDATE
        SET state = EXCLUDED.state, occurred_at = EXCLUDED.occurred_at
        WHERE (EXCLUDED.occurred_at, array_position(%(strictness)s::text[], EXCLUDED.state::text))
            > (privacy_consentstate.occurred_at, array_position(%(strictness)s::text[], privacy_consentstate.state::text))
)

SELECT count(*) AS recorded FROM fresh
