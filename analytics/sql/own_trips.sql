-- own_trips: one customer's trips, newest first: searched, booked, extras, flown. Reads: profiles_event.
-- Writes: nothing.  Named parameters: customer, bucket, as_of, limit, gate's.
WITH mine AS (
    SELECT e.kind, e.item, e.occurred_at, e.booking_id, e.value_base_minor, e.channel
    FROM profiles_event AS e
    WHERE e.bucket = %(bucket)s
        AND e.customer_id = %(customer)s
        AND e.occurred_at <= %(as_of)s
        AND e.kind IN (1, 3, 4, 5, 11)
        AND {gate}
)

SELECT
    booked.item AS route,
    booked.channel,
    booked.occurred_at AS booked_at,
    booked.value_base_minor AS fare_minor,
    (
        SELECT max(looked.occurred_at) FROM mine AS looked
        WHERE looked.kind = 11
            AND looked.item = booked.item
            AND looked.occurred_at BETWEEN booked.occurred_at - INTERVAL '60 days' AND booked.occurred_at
    ) AS searched_at,
    (
        SELECT coalesce(array_agg(DISTINCT extra.item), '{}') FROM mine AS extra
        WHERE extra.kind = 5 AND extra.booking_id = booked.booking_id
    ) AS extras,
    (
        SELECT min(flown.occurred_at) FROM mine AS flown
        WHERE flown.kind = 4 AND flown.booking_id = booked.booking_id
    ) AS flown_at,
    EXISTS (SELECT 1 FROM mine AS gone WHERE gone.kind = 3 AND gone.booking_id = booked.booking_id) AS cancelled
FROM mine AS booked
WHERE booked.kind = 1
ORDER BY booked.occurred_at DESC
LIMIT %(limit)s
