-- movements: points earned and redeemed by then. Reads: profiles_event. Named parameters: low, high, ids, as_of.
SELECT e.customer_id, e.occurred_at, CASE WHEN e.kind = 8 THEN e.quantity ELSE -e.quantity END
FROM profiles_event e
WHERE e.bucket >= %(low)s AND e.bucket < %(high)s AND (%(ids)s::uuid[] IS NULL OR e.customer_id = ANY(%(ids)s::uuid[]))
  AND e.kind IN (8, 9) AND e.occurred_at < %(as_of)s
