-- weekly_funnel: persons who visited, searched, booked and flew, week by week. Reads: profiles_event.
-- Writes: nothing.  Named parameters: since, as_of, zone, customer and bucket (null = everybody), gate's.
SELECT
    date_trunc('week', e.occurred_at AT TIME ZONE %(zone)s)::date AS week,
    count(DISTINCT e.customer_id) FILTER (WHERE e.kind IN (10, 11, 12)) AS visitors,
    count(DISTINCT e.customer_id) FILTER (WHERE e.kind = 11) AS searchers,
    count(DISTINCT e.customer_id) FILTER (WHERE e.kind = 1) AS bookers,
    count(DISTINCT e.customer_id) FILTER (WHERE e.kind = 4) AS travellers,
    count(*) FILTER (WHERE e.kind IN (10, 12)) AS visits,
    count(*) FILTER (WHERE e.kind = 11) AS searches,
    count(*) FILTER (WHERE e.kind = 1) AS bookings,
    coalesce(sum(e.value_base_minor) FILTER (WHERE e.kind IN (1, 5)), 0)::bigint AS revenue_minor
FROM profiles_event AS e
WHERE e.occurred_at > %(since)s
    AND e.occurred_at <= %(as_of)s
    AND e.kind IN (1, 4, 5, 10, 11, 12)
    AND (%(customer)s::uuid IS NULL OR (e.customer_id = %(customer)s AND e.bucket = %(bucket)s))
    AND {gate}
GROUP BY week
ORDER BY week
