-- sales_days: bookings and money of each day. Reads: profiles_event. Writes: nothing.
-- Named parameters: since, as_of, zone, gate's.
SELECT
    (e.occurred_at AT TIME ZONE %(zone)s)::date AS day,
    count(*) FILTER (WHERE e.kind = 1) AS bookings,
    coalesce(sum(e.value_base_minor), 0)::bigint AS revenue_minor
FROM profiles_event AS e
WHERE e.kind IN (1, 5) AND e.occurred_at > %(since)s AND e.occurred_at <= %(as_of)s AND {gate}
GROUP BY day
ORDER BY day
