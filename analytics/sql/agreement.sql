-- agreement: of the published values of profiles with several mentions, those on which the sources agree by weight, in
-- a sample of buckets. A value's confidence is a byte of the provenance, after the records; 255 in its index: no value.
-- Reads: profiles_profile. Writes: nothing.  Named parameters: last_bucket, fewest (confidence, 0 to 255), gate's.
WITH origin AS (
    SELECT
        get_byte(e.provenance, 1 + 16 * get_byte(e.provenance, 0) + 2 * field) AS record,
        get_byte(e.provenance, 2 + 16 * get_byte(e.provenance, 0) + 2 * field) AS confidence
    FROM profiles_profile AS e
    CROSS JOIN LATERAL generate_series(
        0, (length(e.provenance) - 1 - 16 * get_byte(e.provenance, 0)) / 2 - 1
    ) AS field
    WHERE e.bucket <= %(last_bucket)s AND e.records > 1 AND length(e.provenance) > 1 AND {gate}
)

SELECT count(*) AS published, count(*) FILTER (WHERE confidence >= %(fewest)s) AS agreed
FROM origin
WHERE record <> 255
