-- disruptions_due: who was booked on a flight that was late, diverted or cancelled, and whether that is told already.
-- Reads: profiles_flightstatus, profiles_flightleg, profiles_passenger, profiles_event. Writes: a temporary table.
-- Named parameters: late (minutes from which a flight is late), kind (of the event).
CREATE TEMP TABLE disruptions_due AS
WITH disrupted AS (
    SELECT carrier, flight_number, flight_date, origin, destination,
           jsonb_strip_nulls(jsonb_build_object(
               'flight', carrier || flight_number,
               'state', CASE WHEN state IN ('cancelled', 'diverted') THEN state ELSE 'delayed' END,
               'minutes', delay_minutes, 'code', nullif(delay_code, ''), 'diverted_to', nullif(diverted_to, '')
           )) AS properties
    FROM profiles_flightstatus
    WHERE state IN ('cancelled', 'diverted') OR delay_minutes >= %(late)s
), legs AS (
    SELECT l.booking_id, l.departs_at, l.cabin, l.origin || '-' || l.destination AS item, d.properties
    FROM disrupted d
    JOIN profiles_flightleg l ON (d.carrier, d.flight_number) IN (
            (l.carrier, ltrim(l.flight_number, '0')), (l.operating_carrier, ltrim(l.operating_number, '0'))
        ) AND l.origin = d.origin AND (l.departs_at AT TIME ZONE 'UTC' + l.departs_zone * INTERVAL '1 minute')::date = d.flight_date
    WHERE l.departs_at >= (SELECT min(flight_date) FROM disrupted) - INTERVAL '1 day'
      AND l.departs_at < (SELECT max(flight_date) FROM disrupted) + INTERVAL '2 days'
)
SELECT DISTINCT ON (p.bucket, p.customer_id, legs.departs_at, legs.item)
       p.bucket, p.customer_id, p.record_id, p.booking_id, legs.departs_at AS occurred_at, legs.item, legs.cabin,
       legs.properties, told.id IS NOT NULL AS told
FROM legs
JOIN profiles_passenger p ON p.booking_id = legs.booking_id AND p.customer_id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT e.id FROM profiles_event e
    WHERE e.bucket = p.bucket AND e.customer_id = p.customer_id AND e.occurred_at = legs.departs_at
      AND e.kind = %(kind)s AND e.item = legs.item AND e.properties = legs.properties
    LIMIT 1
) told ON true
ORDER BY p.bucket, p.customer_id, legs.departs_at, legs.item, p.record_id
