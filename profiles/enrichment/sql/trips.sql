-- trips: one row a passenger and booking made by then. Reads: profiles_passenger, profiles_booking, profiles_flightleg.
-- Named parameters: low, high, ids, as_of.
SELECT p.customer_id, p.record_id, b.origin, b.destination, b.created_at, b.departs_at, b.returns_at, b.party_size,
       coalesce(children.any_child, false), coalesce(cabins.premium, false), b.channel, b.status = 'cancelled'
FROM profiles_passenger p
JOIN profiles_booking b ON b.bucket = get_byte(uuid_send(p.booking_id), 15) AND b.id = p.booking_id
LEFT JOIN LATERAL (
    SELECT bool_or(o.passenger_type IN ('CHD', 'INF')) AS any_child
    FROM profiles_passenger o WHERE o.booking_id = p.booking_id
) children ON b.party_size > 1
LEFT JOIN LATERAL (
    SELECT bool_or(f.cabin IN ('C', 'F')) AS premium
    FROM profiles_flightleg f WHERE f.bucket = b.bucket AND f.booking_id = b.id
) cabins ON true
WHERE p.bucket >= %(low)s AND p.bucket < %(high)s AND (%(ids)s::uuid[] IS NULL OR p.customer_id = ANY(%(ids)s::uuid[]))
  AND p.customer_id IS NOT NULL AND b.created_at < %(as_of)s
