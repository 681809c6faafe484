-- items: one row per route or ancillary sold, with what it is like and whether it is still sold.
-- Reads: profiles_event. Writes: nothing.  Named parameters: kind, as_of, since, operated_since, fewest,
-- minor_units.
SELECT
    item,
    count(*) AS sales,
    avg(value_base_minor)::float8 / %(minor_units)s AS mean_price,
    coalesce(mode() WITHIN GROUP (ORDER BY haul), '') AS haul,
    max(occurred_at) >= %(operated_since)s AS operated
FROM profiles_event
WHERE kind = %(kind)s
    AND item IS NOT NULL
    AND item <> ''
    AND occurred_at >= %(since)s
    AND occurred_at <= %(as_of)s
GROUP BY item
HAVING count(*) >= %(fewest)s
ORDER BY item
