-- interactions: how each customer of some buckets has dealt with each item, in quarters before as_of.
-- Reads: profiles_event. Writes: nothing.
-- Named parameters: low, high (buckets), sold, searched (event kinds; 0 = none), flown, since, as_of, half_life_days,
-- quarter_days, oldest_quarter, customer (one id or null).
-- Ages are float8: extract() alone gives numeric, whose arithmetic took most of the time of this statement.
WITH dealing AS (
    SELECT
        customer_id,
        item,
        kind,
        extract(epoch FROM %(as_of)s::timestamptz - occurred_at)::float8 / 86400 AS age_days
    FROM profiles_event
    WHERE bucket BETWEEN %(low)s AND %(high)s
        AND kind IN (%(sold)s, %(flown)s, %(searched)s)
        AND item IS NOT NULL
        AND occurred_at >= %(since)s
        AND occurred_at <= %(as_of)s
        AND (%(customer)s::uuid IS NULL OR customer_id = %(customer)s)
)

SELECT
    customer_id,
    item,
    least(floor(age_days / %(quarter_days)s::float8), %(oldest_quarter)s)::smallint AS quarter,
    sum(
        CASE kind WHEN %(sold)s THEN 1.0::float8 WHEN %(flown)s THEN 0.3::float8 ELSE 0.1::float8 END
        * exp(-0.693147::float8 * age_days / %(half_life_days)s::float8)
    )::real AS weight,
    count(*) FILTER (WHERE kind = %(sold)s)::int AS sold,
    count(*) FILTER (WHERE kind = %(flown)s)::int AS flown,
    count(*) FILTER (WHERE kind = %(searched)s)::int AS searched
FROM dealing
GROUP BY customer_id, item, quarter
