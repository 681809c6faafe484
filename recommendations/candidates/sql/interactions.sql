-- interactions: how each customer of some buckets has dealt with each item, in quarters before as_of.
-- Reads: profiles_event. Writes: nothing.
-- Named parameters: low, high (buckets), sold, searched (event kinds; 0 = none), flown, since, as_of, half_life_days,
-- quarter_days, oldest_quarter, customer (one id or null).
SELECT
    customer_id,
    item,
    least(
        floor(extract(epoch FROM %(as_of)s::timestamptz - occurred_at) / 86400 / %(quarter_days)s), %(oldest_quarter)s
    )::smallint AS quarter,
    sum(
        CASE WHEN kind = %(sold)s THEN 1.0 WHEN kind = %(flown)s THEN 0.3 ELSE 0.1 END
        * power(0.5, extract(epoch FROM %(as_of)s::timestamptz - occurred_at) / 86400 / %(half_life_days)s)
    )::real AS weight,
    count(*) FILTER (WHERE kind = %(sold)s)::int AS sold,
    count(*) FILTER (WHERE kind = %(flown)s)::int AS flown,
    count(*) FILTER (WHERE kind = %(searched)s)::int AS searched
FROM profiles_event
WHERE bucket BETWEEN %(low)s AND %(high)s
    AND kind IN (%(sold)s, %(flown)s, %(searched)s)
    AND item IS NOT NULL
    AND occurred_at >= %(since)s
    AND occurred_at <= %(as_of)s
    AND (%(customer)s::uuid IS NULL OR customer_id = %(customer)s)
GROUP BY customer_id, item, quarter
