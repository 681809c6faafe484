-- latest_records: the sealed personal values of a source's latest records, with the key they are sealed under.
-- Reads: profiles_message, profiles_sourcerecord. Named parameters: source, most.
SELECT r.id, r.cipher, m.key_id
FROM (
    SELECT id, key_id FROM profiles_message WHERE source_id = %(source)s ORDER BY id DESC LIMIT 5
) m
JOIN profiles_sourcerecord r ON r.message_id = m.id
WHERE r.cipher IS NOT NULL AND r.superseded_at IS NULL
LIMIT %(most)s
