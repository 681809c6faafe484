-- segments: every published segment with its size and what moved in the window. Reads: segmentation_segment,
-- segmentation_moves. Writes: nothing.  Named parameters: since, as_of.
WITH counted AS (
    SELECT
        move,
        count(*) AS people
    FROM segmentation_moves AS m, unnest(m.moves) AS move
    WHERE m.at > %(since)s AND m.at <= %(as_of)s
    GROUP BY move
),

-- A move is a number: the position below, then 32768 where the segment was left, then the version.
moved AS (
    SELECT
        move & 32767 AS position,
        sum(people) FILTER (WHERE move & 32768 = 0) AS entered,
        sum(people) FILTER (WHERE move & 32768 <> 0) AS gone
    FROM counted
    GROUP BY 1
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
    coalesce(moved.entered, 0)::bigint AS entered,
    coalesce(moved.gone, 0)::bigint AS gone
FROM segmentation_segment AS s
LEFT JOIN moved ON moved.position = s.position
ORDER BY s.position
