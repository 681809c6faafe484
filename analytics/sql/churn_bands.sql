-- churn_bands: customers by risk of leaving, and the value that goes with them: each one's risk times what they are
-- worth (predicted where there is a prediction, else paid in twelve months). Reads: segmentation_score, profiles_event.
-- Writes: nothing.  Named parameters: edges (lower bounds of the risk bands above the first), since, as_of, minor_units, gate's.
WITH risk AS (
    SELECT e.bucket, e.entity_id AS id, e.value AS probability
    FROM segmentation_score AS e
    WHERE e.entity_kind = 'customer' AND e.name = 'churn_90d' AND {gate}
),

paid AS (
    SELECT bucket, customer_id AS id, sum(value_base_minor)::float8 / %(minor_units)s AS value
    FROM profiles_event
    WHERE kind IN (1, 5) AND occurred_at > %(since)s AND occurred_at <= %(as_of)s AND customer_id IS NOT NULL
    GROUP BY bucket, customer_id
)

SELECT
    width_bucket(risk.probability, %(edges)s::float8[]) AS band,
    count(*) AS customers,
    avg(risk.probability)::float8 AS mean_risk,
    sum(risk.probability * coalesce(worth.value, paid.value, 0))::float8 AS value_at_risk
FROM risk
LEFT JOIN segmentation_score AS worth
    ON worth.bucket = risk.bucket
        AND worth.entity_id = risk.id
        AND worth.entity_kind = 'customer'
        AND worth.name = 'value_12m'
LEFT JOIN paid ON paid.bucket = risk.bucket AND paid.id = risk.id
GROUP BY band
ORDER BY band
