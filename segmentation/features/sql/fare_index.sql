-- fare_index: our fares against others', like for like: same market, departure date, cabin and class of brand, each
-- carrier's newest price. One row per market and cabin. Reads: profiles_fareobservation. Writes: nothing.
-- Named parameters: own, as_of, seen_since, departs_from, departs_to, origin, destination, cabin (null = all).
WITH newest AS (
    SELECT DISTINCT ON (origin, destination, departure_date, cabin, brand_class, carrier)
        origin,
        destination,
        departure_date,
        cabin,
        carrier,
        price_base_minor,
        observed_at,
        brand_class
    FROM (
        SELECT
            *,
            CASE
                WHEN brand ~* '(light|basic|saver|hand)' THEN 'light'
                WHEN brand ~* '(flex|full)' THEN 'flex'
                WHEN brand ~* '(classic|standard|plus|smart)' THEN 'classic'
                ELSE lower(brand)
            END AS brand_class
        FROM profiles_fareobservation
        WHERE price_base_minor > 0
            AND return_date IS NULL -- a price for both ways is no price for one
            AND carrier <> ''
            AND cabin <> ''
            AND observed_at <= %(as_of)s
            AND observed_at > %(seen_since)s
            AND departure_date BETWEEN %(departs_from)s AND %(departs_to)s
            AND (%(origin)s::text IS NULL OR origin = %(origin)s)
            AND (%(destination)s::text IS NULL OR destination = %(destination)s)
            AND (%(cabin)s::text IS NULL OR cabin = %(cabin)s)
    ) AS observed
    ORDER BY origin, destination, departure_date, cabin, brand_class, carrier, observed_at DESC
),

flight AS (
    SELECT
        own.origin,
        own.destination,
        own.cabin,
        own.price_base_minor AS own_fare,
        min(rival.price_base_minor) AS lowest,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY rival.price_base_minor) AS median,
        count(*) AS pairs,
        (array_agg(rival.carrier ORDER BY rival.price_base_minor, rival.carrier))[1] AS cheapest,
        min(least(own.observed_at, rival.observed_at)) AS observed_at
    FROM newest AS own
    INNER JOIN newest AS rival USING (origin, destination, departure_date, cabin, brand_class)
    WHERE own.carrier = %(own)s AND rival.carrier <> %(own)s
    GROUP BY own.origin, own.destination, own.departure_date, own.cabin, own.brand_class, own.price_base_minor
)

SELECT
    origin,
    destination,
    cabin,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY own_fare)::float8 / 100 AS own_fare,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY median)::float8 / 100 AS median_fare,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY lowest)::float8 / 100 AS lowest_fare,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY 100.0 * median / own_fare)::float8 AS median_index,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY 100.0 * lowest / own_fare)::float8 AS lowest_index,
    mode() WITHIN GROUP (ORDER BY cheapest) AS cheapest_carrier,
    sum(pairs)::int AS pairs,
    count(*)::int AS departures,
    min(observed_at) AS observed_at
FROM flight
GROUP BY origin, destination, cabin
ORDER BY origin, destination, cabin
