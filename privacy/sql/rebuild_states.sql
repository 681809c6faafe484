-- rebuild_states: where these customers stand, read from their statements again.
-- Reads: privacy_consentevent. Writes: privacy_consentstate (the caller has emptied it for them).
-- Named parameters: buckets, ids (of the same length), strictness.
INSERT INTO privacy_consentstate (bucket, customer_id, purpose, channel, state, occurred_at)
SELECT DISTINCT ON (e.bucket, e.customer_id, e.purpose, e.channel)
    e.bucket, e.customer_id, e.purpose, e.channel, e.state, e.occurred_at
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS wanted (bucket, id)
JOIN privacy_consentevent e ON e.bucket = wanted.bucket AND e.customer_id = wanted.id
ORDER BY
    e.bucket, e.customer_id, e.purpose, e.channel,
    e.occurred_at DESC, array_position(%(strictness)s::text[], e.state::text) DESC
