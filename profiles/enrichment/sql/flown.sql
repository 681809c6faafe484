-- flown: flights of the last 24 months, the last flight, coupons still open though the flight has left.
-- Reads: profiles_event, profiles_coupon, profiles_booking, profiles_flightleg. Named parameters: low, high, ids, as_of.
WITH flights AS (
    SELECT e.customer_id, count(*) FILTER (WHERE e.occurred_at >= %(as_of)s - INTERVAL '24 months') AS flown,
           max(e.occurred_at) AS latest
    FROM profiles_event e
    WHERE e.bucket >= %(low)s AND e.bucket < %(high)s AND e.kind = 4 AND e.occurred_at < %(as_of)s
      AND (%(ids)s::uuid[] IS NULL OR e.customer_id = ANY(%(ids)s::uuid[]))
    GROUP BY e.customer_id
), unused AS (
    SELECT c.customer_id, count(*) AS coupons
    FROM profiles_coupon c
    JOIN profiles_flightleg f ON f.bucket = get_byte(uuid_send(c.booking_id), 15) AND f.booking_id = c.booking_id
     AND f.number = c.leg_number
    WHERE c.bucket >= %(low)s AND c.bucket < %(high)s AND c.status = 'open' AND c.customer_id IS NOT NULL
      AND (%(ids)s::uuid[] IS NULL OR c.customer_id = ANY(%(ids)s::uuid[]))
      AND f.departs_at < %(as_of)s - INTERVAL '2 days'
    GROUP BY c.customer_id
)
SELECT coalesce(f.customer_id, u.customer_id), coalesce(f.flown, 0), f.latest, coalesce(u.coupons, 0)
FROM flights f FULL JOIN unused u ON u.customer_id = f.customer_id
