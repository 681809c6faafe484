-- own_score: one model's answer about one customer. Reads: segmentation_score. Writes: nothing.
-- Named parameters: customer, bucket, name, gate's.
SELECT e.value, e.low, e.high, e.reasons, e.as_of
FROM segmentation_score AS e
WHERE e.bucket = %(bucket)s
    AND e.entity_id = %(customer)s
    AND e.entity_kind = 'customer'
    AND e.name = %(name)s
    AND {gate}
