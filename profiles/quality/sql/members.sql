-- members: mentions of a source that name a loyalty number, and those whose number no member has.
-- Reads: profiles_identifier, profiles_link, profiles_sourcerecord, profiles_message, profiles_source.
-- Named parameters: now.
WITH members AS (
    SELECT DISTINCT l.customer_id
    FROM profiles_source s
    JOIN profiles_message m ON m.source_id = s.id
    JOIN profiles_sourcerecord r ON r.message_id = m.id
    JOIN profiles_link l ON l.record_id = r.id AND l.ended_at IS NULL
    WHERE s.name = 'loyalty_members'
)

SELECT m.source_id, count(*) AS checked,
    count(*) FILTER (WHERE NOT EXISTS (SELECT FROM members WHERE members.customer_id = i.customer_id)) AS failed
FROM profiles_identifier i
JOIN profiles_link l
    ON l.bucket = get_byte(uuid_send(i.customer_id), 15) AND l.customer_id = i.customer_id AND l.ended_at IS NULL
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
JOIN profiles_message m ON m.id = r.message_id AND m.received_at <= %(now)s
WHERE i.kind = 1 AND i.claims AND EXISTS (SELECT FROM members)
GROUP BY m.source_id
