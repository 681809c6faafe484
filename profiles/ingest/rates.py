"""Lands rates of exchange: new, changed or known by currency and day."""

from __future__ import annotations

from django.db import connection

from profiles.shapes import Counts, Feed
from profiles.sources.contract import SUPERSEDED, Batch, Reject

_UPSERT_SQL = """
INSERT INTO profiles_exchangerate (currency, day, units_per_base, run_id)
SELECT currency, day, rate, %(run)s
FROM unnest(%(currencies)s::text[], %(days)s::date[], %(rates)s::float8[]) AS told (currency, day, rate)
ON CONFLICT (currency, day) DO UPDATE SET units_per_base = excluded.units_per_base, run_id = excluded.run_id
WHERE profiles_exchangerate.units_per_base <> excluded.units_per_base
RETURNING xmax = 0
"""


def land_rates(feed: Feed, batch: Batch) -> tuple[Counts, list[Reject]]:
    """Write the rates of the batch; of a currency and day told twice the last one stands."""
    table, lines = batch.facts["rates"], batch.line.tolist()
    rejected = {reject.line for reject in batch.rejects}
    readable = [at for at in range(len(lines)) if lines[at] not in rejected]
    last = {batch.native_key[at]: at for at in readable}
    rates = table["units_per_base"].tolist()
    earlier = [at for at in readable if last[batch.native_key[at]] != at]
    superseded = [
        Reject(lines[at], "native key", SUPERSEDED, "one row a key; the last stands")
        for at in earlier
        if rates[at] != rates[last[batch.native_key[at]]]
    ]
    standing = list(last.values())
    told = {name: [table[name][at] for at in standing] for name in ("currency", "day")}
    params = {"currencies": told["currency"], "days": told["day"], "rates": [rates[at] for at in standing]}
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT_SQL, {**params, "run": feed.run_id})
        written = [inserted for (inserted,) in cursor.fetchall()]
    new, updated = sum(written), len(written) - sum(written)
    unchanged = len(readable) - len(superseded) - new - updated
    return Counts(new, updated, unchanged, len(superseded) + len(rejected)), superseded
