-- journey_stages: of the persons who searched in the window, how many booked, added an extra, flew, and how many days
-- lay between. Reads: profiles_event. Writes: nothing.  Named parameters: since, as_of, gate's.
WITH step AS (
    SELECT e.customer_id, e.kind, e.occurred_at, e.booking_id
    FROM profiles_event AS e
    WHERE e.occurred_at > %(since)s
        AND e.occurred_at <= %(as_of)s
        AND e.kind IN (1, 4, 5, 11)
        AND {gate}
),

search AS (
    SELECT customer_id, min(occurred_at) AS at
    FROM step
    WHERE kind = 11
    GROUP BY customer_id
),

booking AS (
    SELECT DISTINCT ON (step.customer_id)
        step.customer_id,
        step.booking_id,
        step.occurred_at AS at,
        search.at AS before
    FROM step
    INNER JOIN search ON search.customer_id = step.customer_id AND step.occurred_at >= search.at
    WHERE step.kind = 1
    ORDER BY step.customer_id, step.occurred_at
),

extra AS (
    SELECT step.customer_id, min(step.occurred_at) AS at, min(booking.at) AS before
    FROM step
    INNER JOIN booking ON booking.customer_id = step.customer_id AND booking.booking_id = step.booking_id
    WHERE step.kind = 5
    GROUP BY step.customer_id
),

flight AS (
    SELECT step.customer_id, min(step.occurred_at) AS at, min(booking.at) AS before
    FROM step
    INNER JOIN booking ON booking.customer_id = step.customer_id AND booking.booking_id = step.booking_id
    WHERE step.kind = 4
    GROUP BY step.customer_id
),

stage AS (
    SELECT 'searched' AS stage, at, NULL::timestamptz AS before FROM search
    UNION ALL
    SELECT 'booked', at, before FROM booking
    UNION ALL
    SELECT 'added an extra', at, before FROM extra
    UNION ALL
    SELECT 'flew', at, before FROM flight
)

SELECT
    stage,
    count(*) AS travellers,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM at - before)::float8 / 86400) AS median_days
FROM stage
GROUP BY stage
