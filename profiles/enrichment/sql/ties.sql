-- ties: how many live in somebody's household, and how many others were on two of their trips or more.
-- Counts only people whom analytics may read. Reads: profiles_searchkeys, profiles_passenger, profiles_booking.
-- Named parameters: low, high, ids, as_of, most (of a household), and those of the gate on `o`.
WITH households AS (
    SELECT k.id, (
        SELECT CASE WHEN count(*) <= %(most)s THEN count(*) END FROM profiles_searchkeys o
        WHERE o.household = k.household AND (o.id = k.id OR {gate})
    ) AS size
    FROM profiles_searchkeys k
    WHERE k.bucket >= %(low)s AND k.bucket < %(high)s AND (%(ids)s::uuid[] IS NULL OR k.id = ANY(%(ids)s::uuid[]))
      AND k.household IS NOT NULL
), together AS (
    SELECT p.customer_id, other.customer_id AS id, get_byte(uuid_send(other.customer_id), 15)::smallint AS bucket
    FROM profiles_passenger p
    JOIN profiles_booking b ON b.bucket = get_byte(uuid_send(p.booking_id), 15) AND b.id = p.booking_id
     AND b.party_size BETWEEN 2 AND 9 AND b.status <> 'cancelled' AND b.created_at < %(as_of)s
    JOIN profiles_passenger other ON other.booking_id = p.booking_id AND other.customer_id <> p.customer_id
    WHERE p.bucket >= %(low)s AND p.bucket < %(high)s
      AND (%(ids)s::uuid[] IS NULL OR p.customer_id = ANY(%(ids)s::uuid[])) AND p.customer_id IS NOT NULL
    GROUP BY p.customer_id, other.customer_id
    HAVING count(DISTINCT p.booking_id) >= 2
), companions AS (
    SELECT o.customer_id AS id, count(*) AS others FROM together o WHERE {gate} GROUP BY o.customer_id
)
SELECT coalesce(h.id, c.id), h.size, coalesce(c.others, 0)
FROM households h FULL JOIN companions c ON c.id = h.id
