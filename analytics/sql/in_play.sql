-- in_play: money booked and persons exposed, by route. Reads: profiles_event. Writes: nothing.
-- Named parameters: in_play_since, since, as_of, gate's.
SELECT
    e.item AS route,
    coalesce(sum(e.value_base_minor) FILTER (WHERE e.kind = 1 AND e.occurred_at > %(in_play_since)s), 0)::bigint
        AS in_play_minor,
    count(DISTINCT e.customer_id) AS exposed
FROM profiles_event AS e
WHERE e.kind IN (1, 11)
    AND e.occurred_at > %(since)s
    AND e.occurred_at <= %(as_of)s
    AND e.item IS NOT NULL
    AND {gate}
GROUP BY e.item
