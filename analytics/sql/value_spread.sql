-- value_spread: how the value of customers is spread: by tenth, the best first. Reads: segmentation_score, or where no
-- model serves the money of the last twelve months from profiles_event. Writes: nothing.
-- Named parameters: scored (bool), since, as_of, minor_units, gate's (on p).
WITH worth AS (
    SELECT p.id, s.value
    FROM profiles_profile AS p
    INNER JOIN segmentation_score AS s
        ON s.bucket = p.bucket AND s.entity_id = p.id AND s.entity_kind = 'customer' AND s.name = 'value_12m'
    WHERE %(scored)s AND {gate}
    UNION ALL
    SELECT p.id, coalesce(sum(e.value_base_minor), 0)::float8 / %(minor_units)s
    FROM profiles_profile AS p
    LEFT JOIN profiles_event AS e
        ON e.bucket = p.bucket
            AND e.customer_id = p.id
            AND e.kind IN (1, 5)
            AND e.occurred_at > %(since)s
            AND e.occurred_at <= %(as_of)s
    WHERE NOT %(scored)s AND {gate}
    GROUP BY p.id
),

ranked AS (
    SELECT value, ntile(10) OVER (ORDER BY value DESC, id) AS tenth
    FROM worth
)

SELECT
    tenth,
    count(*) AS customers,
    sum(value)::float8 AS total,
    min(value)::float8 AS lowest,
    max(value)::float8 AS highest,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::float8 AS median
FROM ranked
GROUP BY tenth
ORDER BY tenth
