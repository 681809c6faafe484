-- booking_mix: bookings by channel and by days before departure. Reads: profiles_event. Writes: nothing.
-- Named parameters: since, as_of, edges (lower bounds of lead days), customer and bucket (null = everybody), gate's.
SELECT
    coalesce(e.channel, 'unknown') AS channel,
    width_bucket(coalesce(e.lead_days, 0)::int, %(edges)s::int[]) AS lead_bucket,
    count(*) AS bookings,
    coalesce(sum(e.value_base_minor), 0)::bigint AS revenue_minor
FROM profiles_event AS e
WHERE e.occurred_at > %(since)s
    AND e.occurred_at <= %(as_of)s
    AND e.kind = 1
    AND (%(customer)s::uuid IS NULL OR (e.customer_id = %(customer)s AND e.bucket = %(bucket)s))
    AND {gate}
GROUP BY e.channel, lead_bucket
