-- members_found: records linked to people who are known by a loyalty number that the members' file never told.
-- Reads: profiles_identifier, profiles_link, profiles_sourcerecord, profiles_message, profiles_source.
WITH members AS (
    SELECT DISTINCT l.customer_id
    FROM profiles_source s
    JOIN profiles_message m ON m.source_id = s.id
    JOIN profiles_sourcerecord r ON r.message_id = m.id
    JOIN profiles_link l ON l.record_id = r.id AND l.ended_at IS NULL
    WHERE s.name = 'loyalty_members'
)

SELECT m.source_id, l.record_id, l.customer_id
FROM profiles_identifier i
JOIN profiles_link l
    ON l.bucket = get_byte(uuid_send(i.customer_id), 15) AND l.customer_id = i.customer_id AND l.ended_at IS NULL
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
JOIN profiles_message m ON m.id = r.message_id
WHERE i.kind = 1 AND i.claims AND NOT EXISTS (SELECT FROM members WHERE members.customer_id = i.customer_id)
