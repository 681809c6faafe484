-- stricter_of_two: where customers about to become one disagree, a statement that says the stricter of what they said.
-- It carries the newest date among them, so that only a later statement of the person overrides it.
-- Reads: privacy_consentstate. Writes: privacy_consentevent; notes what is new, so that a run can be taken back.
-- Named parameters: survivors, duplicates (of the same length), strictness.
WITH pair AS (
    SELECT * FROM unnest(%(survivors)s::uuid[], %(duplicates)s::uuid[]) AS p (survivor, duplicate)
),

side AS (
    SELECT survivor, survivor AS customer_id FROM pair
    UNION
    SELECT survivor, duplicate FROM pair
),

said AS (
    SELECT side.survivor, s.purpose, s.channel, s.occurred_at,
        array_position(%(strictness)s::text[], s.state::text) AS strictness
    FROM side
    JOIN privacy_consentstate s
        ON s.bucket = get_byte(uuid_send(side.customer_id), 15) AND s.customer_id = side.customer_id
),

added AS (
    INSERT INTO privacy_consentevent (
        bucket, id, customer_id, recorded_for, record_id, purpose, channel, state, occurred_at, received_at,
        method, policy_version, language, source
    )
    SELECT
        get_byte(uuid_send(survivor), 15), gen_random_uuid(), survivor, survivor, NULL, purpose, channel,
        (%(strictness)s::text[])[max(strictness)], max(occurred_at), now(), 'merge', '', '', 'identity'
    FROM said
    GROUP BY survivor, purpose, channel
    HAVING count(DISTINCT strictness) > 1
    RETURNING *
)

SELECT count(lib_note_new('privacy_consentevent', customer_id, to_jsonb(added))) FROM added
