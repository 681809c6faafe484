-- segments: every published segment with its size and what moved in the window. Reads: segmentation_segment,
-- segmentation_transition. Writes: nothing.  Named parameters: since, as_of.
WITH moved AS (
    SELECT
        segment_id,
        count(*) FILTER (WHERE direction = 'entered') AS entered,
        count(*) FILTER (WHERE direction = 'left') AS gone
    FROM segmentation_transition
    WHERE at > %(since)s AND at <= %(as_of)s
    GROUP BY segment_id
)

SELECT
    s.id,
    s.slug,
    s.name,
    s.description,
    s.kind,
    s.purpose,
    s.channel,
    s.status,
    s.size,
    s.reach,
    s.counted_at,
    coalesce(moved.entered, 0) AS entered,
    coalesce(moved.gone, 0) AS gone
FROM segmentation_segment AS s
LEFT JOIN moved ON moved.segment_id = s.id
ORDER BY s.position
