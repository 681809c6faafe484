-- disruptions_told: one event for each passenger of a disrupted flight to whom none is told yet.
-- Reads: disruptions_due (temporary). Writes: profiles_event.
-- Named parameters: kind (of the event), ids (one for each new event), at (the moment of writing).
INSERT INTO profiles_event (occurred_at, id, ingested_at, customer_id, bucket, kind, record_id, booking_id, quantity,
                            item, cabin, properties)
SELECT due.occurred_at, (%(ids)s::bigint[])[due.place], %(at)s, due.customer_id, due.bucket, %(kind)s,
       due.record_id, due.booking_id, 1, due.item, due.cabin, due.properties
FROM (SELECT d.*, row_number() OVER (ORDER BY d.occurred_at, d.record_id) AS place
      FROM disruptions_due d WHERE NOT d.told) due
ORDER BY due.occurred_at
