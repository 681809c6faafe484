-- disruptions_over: takes back the disruptions we told that are told otherwise now, or not at all.
-- Reads: disruptions_due (temporary). Writes: profiles_event.
-- Named parameters: kind (of the event).
DELETE FROM profiles_event e
WHERE e.kind = %(kind)s AND e.properties ? 'flight' AND e.properties ? 'state'
  AND NOT EXISTS (
    SELECT FROM disruptions_due d
    WHERE d.bucket = e.bucket AND d.customer_id = e.customer_id AND d.occurred_at = e.occurred_at
      AND d.item = e.item AND d.properties = e.properties
)
