-- passengers: passengers that a source told, and those whose booking is not there.
-- Reads: profiles_passenger, profiles_booking, profiles_link, profiles_sourcerecord, profiles_message.
-- Named parameters: now.
SELECT m.source_id, count(*) AS checked, count(*) FILTER (WHERE b.id IS NULL) AS failed
FROM profiles_passenger p
LEFT JOIN profiles_booking b ON b.bucket = get_byte(uuid_send(p.booking_id), 15) AND b.id = p.booking_id
JOIN profiles_link l ON l.bucket = p.bucket AND l.customer_id = p.customer_id AND l.record_id = p.record_id
    AND l.ended_at IS NULL
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
JOIN profiles_message m ON m.id = r.message_id AND m.received_at <= %(now)s
GROUP BY m.source_id
