-- validity: rows of a source's runs of a month, and those that no connector could read.
-- Reads: profiles_ingestrun, profiles_quarantinedrow. Named parameters: now.
SELECT r.source_id, sum(r.read)::bigint AS checked,
    greatest(sum(r.quarantined)::bigint - coalesce(max(s.superseded), 0), 0) AS failed
FROM profiles_ingestrun r
LEFT JOIN (
    SELECT source_id, count(*) AS superseded FROM profiles_quarantinedrow
    WHERE reason = 'superseded by a later row of the same file' GROUP BY source_id
) s USING (source_id)
WHERE r.state = 'done' AND r.read > 0 AND r.started_at > %(now)s::timestamptz - INTERVAL '30 days'
GROUP BY r.source_id
