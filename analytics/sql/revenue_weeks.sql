-- revenue_weeks: booked revenue of each week and of the same week a year (364 days) before. Reads: profiles_event.
-- Writes: nothing.  Named parameters: weeks, as_of, zone, gate's.
WITH booked AS (
    SELECT date_trunc('week', e.occurred_at AT TIME ZONE %(zone)s)::date AS week, sum(e.value_base_minor) AS minor
    FROM profiles_event AS e
    WHERE e.kind IN (1, 5)
        AND e.occurred_at <= %(as_of)s
        AND e.occurred_at > %(as_of)s::timestamptz - make_interval(days => 364 + 7 * (%(weeks)s + 1))
        AND {gate}
    GROUP BY week
),

wanted AS (
    SELECT (date_trunc('week', %(as_of)s::timestamptz AT TIME ZONE %(zone)s) - make_interval(weeks => back))::date AS week
    FROM generate_series(%(weeks)s - 1, 0, -1) AS back
)

SELECT wanted.week, coalesce(now.minor, 0)::bigint AS this_year_minor, past.minor::bigint AS last_year_minor
FROM wanted
LEFT JOIN booked AS now ON now.week = wanted.week
LEFT JOIN booked AS past ON past.week = wanted.week - 364
ORDER BY wanted.week
