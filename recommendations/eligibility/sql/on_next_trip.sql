-- on_next_trip: ancillaries on bookings that have not departed. Reads: profiles_ancillary, profiles_booking.
-- Writes: nothing.  Named parameters: low, high (buckets of customers), as_of, customer (one id or null).
-- A booking's bucket is the last byte of its id, which leads to one partition instead of sixteen.
SELECT DISTINCT a.customer_id, a.code
FROM profiles_ancillary AS a
INNER JOIN profiles_booking AS b
    ON b.bucket = get_byte(uuid_send(a.booking_id), 15) AND b.id = a.booking_id
WHERE a.bucket BETWEEN %(low)s AND %(high)s
    AND a.customer_id IS NOT NULL
    AND (%(customer)s::uuid IS NULL OR a.customer_id = %(customer)s)
    AND a.bought_at <= %(as_of)s
    AND b.departs_at > %(as_of)s
    AND b.status <> 'cancelled'
