-- agreement: how often each field part of a provenance stands on profiles with several mentions, in a sample of
-- buckets; `first` is the provenance's first byte. There are few different ones: see profiles.golden.provenance.
-- Reads: profiles_profile. Writes: nothing.  Named parameters: last_bucket, gate's.
SELECT
    get_byte(e.provenance, 0) AS first,
    substring(
        e.provenance FROM 2 + 16 * CASE get_byte(e.provenance, 0) WHEN 0 THEN 1 ELSE get_byte(e.provenance, 0) & 127 END
    ) AS fields,
    count(*) AS profiles
FROM profiles_profile AS e
WHERE e.bucket <= %(last_bucket)s AND e.records > 1 AND length(e.provenance) > 1 AND {gate}
GROUP BY 1, 2
