-- own_revenue: what one customer paid in the window. Reads: profiles_event. Writes: nothing.
-- Named parameters: customer, bucket, since, as_of, minor_units, gate's.
SELECT count(*) FILTER (WHERE e.kind = 1) AS bookings, coalesce(sum(e.value_base_minor), 0)::float8 / %(minor_units)s AS value
FROM profiles_event AS e
WHERE e.bucket = %(bucket)s
    AND e.customer_id = %(customer)s
    AND e.kind IN (1, 5)
    AND e.occurred_at > %(since)s
    AND e.occurred_at <= %(as_of)s
    AND {gate}
