-- coupons: coupons that a source told, and those whose booking nobody has told.
-- Reads: profiles_coupon, profiles_link, profiles_sourcerecord, profiles_message. Named parameters: now.
SELECT m.source_id, count(*) AS checked, count(*) FILTER (WHERE f.booking_id IS NULL) AS failed
FROM profiles_coupon f
JOIN profiles_link l ON l.bucket = f.bucket AND l.customer_id = f.customer_id AND l.record_id = f.record_id
    AND l.ended_at IS NULL
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
JOIN profiles_message m ON m.id = r.message_id AND m.received_at <= %(now)s
GROUP BY m.source_id
