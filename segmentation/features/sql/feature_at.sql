-- feature_at: one value out of a packed vector, as `features.packing` lays it out. Reads: its arguments. Writes: nothing.
-- `place` counts from 0; NULL for an absent value. Safe to re-run.
CREATE OR REPLACE FUNCTION analytics.feature_at(packed bytea, place integer, features integer)
RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH layout AS (
        SELECT (features + 7) / 8 AS step
    ),

    at AS (
        SELECT
            get_bit(packed, place) = 1 AS told,
            get_bit(substring(packed FROM step + 1 FOR step), place) = 1 AS absent,
            2 * step AS maps,
            bit_count(substring(packed FROM 1 FOR step))::integer AS count,
            (
                bit_count(substring(packed FROM 1 FOR place / 8))
                + bit_count((get_byte(packed, place / 8) & ((1 << place % 8) - 1))::bit(8))
            )::integer AS nth
        FROM layout
    ),

    -- The values themselves, or after a byte a feature that says which, each of them once.
    found AS (
        SELECT
            absent,
            told,
            CASE
                WHEN NOT told THEN 0
                WHEN length(packed) = maps + 4 * count THEN maps + 4 * nth
                ELSE maps + count + 4 * get_byte(packed, maps + nth)
            END AS start
        FROM at
    ),

    bits AS (
        SELECT
            absent,
            told,
            CASE WHEN told THEN
                -- Shifts bind no closer than `|` in PostgreSQL.
                get_byte(packed, start)::bigint
                | (get_byte(packed, start + 1)::bigint << 8)
                | (get_byte(packed, start + 2)::bigint << 16)
                | (get_byte(packed, start + 3)::bigint << 24)
            END AS raw
        FROM found
    )

    SELECT CASE
        WHEN absent THEN NULL
        WHEN NOT told THEN 0
        WHEN raw >> 23 & 255 = 0 THEN (1 - 2 * (raw >> 31)) * (raw & 8388607) * power(2::double precision, -149)
        ELSE (1 - 2 * (raw >> 31)) * (1 + (raw & 8388607) / 8388608.0::double precision)
            * power(2::double precision, ((raw >> 23 & 255) - 127)::double precision)
    END
    FROM bits
$$
