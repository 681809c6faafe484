"""What features are computed from: customers who may be analysed, what their profiles say, and their events.

Reads: profiles_customer, profiles_profile, profiles_enrichment, profiles_event. Refuses: anyone who fails the gate of
`analytics`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from django.db import connection, transaction
from numpy.typing import NDArray

from iaros.lib import copying
from iaros.lib.ids import BUCKETS
from iaros.lib.purposes import Purpose
from privacy import consent
from segmentation.features.catalogue import TIER_RANK
from segmentation.features.tiles import Events, Words

# Small enough that the columns of a block stay in the processor's cache, large enough to be worth a query.
BLOCK_CUSTOMERS = 8_000

# One text for all rows: a COPY sends a message a row, which cost as much again as writing the rows (measured: 0.31
# against 0.16 s for 78,000 events). The separator is ASCII's own, which no code of an airline contains.
_GATHERED_SQL = "SELECT string_agg(concat_ws(E'\\x1f', {columns}), E'\\n' {order}) {source}"
_CUSTOMERS_SQL = """
FROM profiles_customer c
LEFT JOIN profiles_profile p ON p.bucket = c.bucket AND p.id = c.id AND {profiles}
LEFT JOIN profiles_enrichment n ON n.bucket = c.bucket AND n.id = c.id AND {enrichments}
WHERE {which} AND c.merged_into IS NULL AND {gate}
"""
_EVENTS_SQL = """
FROM profiles_event e
WHERE {which} AND e.occurred_at < %(as_of)s
"""
_OF_KINDS = " AND e.kind = ANY(%(kinds)s::smallint[])"
_SINCE = " AND e.occurred_at >= %(since)s"
_IN_BUCKETS = "{table}.bucket BETWEEN %(low)s AND %(high)s"
_OF_BUCKETS = "{table}.bucket = ANY(%(buckets)s::smallint[])"
_OF_CUSTOMERS = "{table}.bucket = ANY(%(buckets)s::smallint[]) AND {table}.{column} = ANY(%(customers)s::uuid[])"
_EVER_FIRST, _EVER_LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_DERIVED_LOCK = 7301  # a number of ours among the advisory locks of two keys
_WORD = pa.dictionary(pa.int32(), pa.string())
_CUSTOMER_COLUMNS: dict[str, tuple[str, pa.DataType]] = {
    "id": ("c.id", pa.string()),
    "birth_year": ("coalesce(p.birth_year::text, '')", pa.float64()),
    "tier": ("coalesce(p.tier, '')", pa.string()),
    "enrolled_on": ("coalesce(p.enrolled_on::text, '')", pa.date32()),
    "household": ("coalesce(n.household_size::text, '')", pa.float64()),
    "companions": ("coalesce(n.companions::text, '')", pa.float64()),
}
_EVENT_COLUMNS: dict[str, tuple[str, pa.DataType]] = {
    "customer_id": ("e.customer_id", pa.string()),
    "occurred_at": ("e.occurred_at", pa.timestamp("us", tz="UTC")),
    "kind": ("e.kind", pa.int16()),
    "value": ("coalesce(e.value_base_minor::text, '')", pa.float64()),
    "quantity": ("e.quantity", pa.float64()),
    "lead_days": ("coalesce(e.lead_days::text, '')", pa.float64()),
    "item": ("coalesce(translate(e.item, E'\x1f\r\n', ''), '')", _WORD),
    "channel": ("coalesce(e.channel, '')", _WORD),
    "cabin": ("coalesce(e.cabin, '')", _WORD),
    "haul": ("coalesce(e.haul, '')", _WORD),
}
_INGESTED = {"ingested_at": ("e.ingested_at", pa.timestamp("us", tz="UTC"))}


@dataclass(frozen=True)
class Which:
    """Which customers: a range of buckets, or a list of ids."""

    low: int = 0
    high: int = BUCKETS - 1
    customers: tuple[str, ...] | None = None

    def where(self, table: str, column: str) -> str:
        if self.customers is None:
            return _IN_BUCKETS.format(table=table)
        return _OF_CUSTOMERS.format(table=table, column=column)

    @property
    def within(self) -> str:
        """The buckets alone, of a `{table}`: said of every table of a join, since Postgres infers it of none."""
        return _IN_BUCKETS if self.customers is None else _OF_BUCKETS

    @property
    def params(self) -> dict[str, Any]:
        if self.customers is None:
            return {"low": self.low, "high": self.high}
        return {"buckets": self.buckets, "customers": list(self.customers)}

    @property
    def buckets(self) -> list[int]:
        if self.customers is None:
            return list(range(self.low, self.high + 1))
        return sorted({int(one[-2:], 16) for one in self.customers})

    def hold(self, cursor: Any) -> None:
        """Let no other worker write what is derived about customers of these buckets until the transaction ends."""
        cursor.execute("SELECT pg_advisory_xact_lock(%s, b) FROM unnest(%s::int[]) b", [_DERIVED_LOCK, self.buckets])


@contextmanager
def by_hash(which: Which) -> Iterator[None]:
    """Statements about a range of buckets join by hash: of so many rows one after the other is slower, and Postgres,
    which thinks that few will be left, would look each of them up (measured: 0.17 against 0.50 s for 40,000)."""
    if which.customers is not None:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = on")


@dataclass(frozen=True)
class People:
    """Customers in the order of their ids; what their profiles say, NaN and NaT where they do not."""

    texts: pa.Array
    birth_year: NDArray[np.float64]
    tier_rank: NDArray[np.float64]
    enrolled: NDArray[np.datetime64]
    household: NDArray[np.float64]
    companions: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def ids(self) -> NDArray[np.uint8]:
        """Shape (n, 16)."""
        return copying.uuid_block(pa.chunked_array([self.texts]))

    def taken(self, index: NDArray[np.int64]) -> People:
        return People(
            self.texts.take(pa.array(index)),
            self.birth_year[index],
            self.tier_rank[index],
            self.enrolled[index],
            self.household[index],
            self.companions[index],
        )


def blocks(buckets: Iterable[int]) -> Iterator[Which]:
    """Ranges of neighbouring buckets that hold about a block of customers each, in order."""
    width = max(1, min(BUCKETS, BLOCK_CUSTOMERS * BUCKETS // max(_population(), 1)))
    run: list[int] = []
    for bucket in sorted(set(buckets)):
        if run and (bucket != run[-1] + 1 or len(run) == width):
            yield Which(run[0], run[-1])
            run = []
        run.append(bucket)
    if run:
        yield Which(run[0], run[-1])


def _population() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM profiles_customer WHERE merged_into IS NULL")
        return int(cursor.fetchone()[0])


def analysable(which: Which) -> People:
    """Living customers of `which` whose data may be read for analytics."""
    gate, params = consent.gate(Purpose.ANALYTICS, customer="c.id", within=which.within)
    near = {"profiles": which.within.format(table="p"), "enrichments": which.within.format(table="n")}
    source = _CUSTOMERS_SQL.format(which=which.where("c", "id"), gate=gate, **near)
    with by_hash(which):
        table = gathered(_CUSTOMER_COLUMNS, source, {**which.params, **params}, order="ORDER BY c.id")
    return People(
        texts=_joined(table["id"]),
        birth_year=_floats(table["birth_year"]),
        tier_rank=_tier_rank(table["tier"]),
        enrolled=np.asarray(_joined(table["enrolled_on"]), dtype="datetime64[D]"),
        household=_floats(table["household"]),
        companions=_floats(table["companions"]),
    )


def events(
    which: Which,
    people: People,
    before: datetime,
    *,
    ingested: bool = False,
    kinds: tuple[int, ...] | None = None,
    since: datetime | None = None,
) -> Events:
    """The events of `people` before that moment; `customer` is the place in `people`. With `ingested`, `known` is
    when the event reached us, else it is when it occurred. `kinds` and `since` read some of them only."""
    columns = _EVENT_COLUMNS | (_INGESTED if ingested else {})
    source = _EVENTS_SQL.format(which=which.where("e", "customer_id"))
    source += _OF_KINDS if kinds is not None else ""
    source += _SINCE if since is not None else ""
    params = {**which.params, "as_of": before, "kinds": list(kinds or ()), "since": since}
    return _events(gathered(columns, source, params), people, ingested=ingested)


def told(which: Which, spans: Iterable[tuple[datetime | None, datetime | None]]) -> str:
    """The events of `which` in these spans of time, as text for `retold`: from the first moment on, before the second;
    None is open."""
    asked = list(spans)
    if not asked:
        return ""
    parts, params = [], dict(which.params)
    for n, (first, over) in enumerate(asked):
        params |= {f"first_{n}": first or _EVER_FIRST, f"over_{n}": over or _EVER_LAST}
        parts.append(f"e.occurred_at >= %(first_{n})s AND e.occurred_at < %(over_{n})s")
    source = f"FROM profiles_event e WHERE {which.where('e', 'customer_id')} AND ({' OR '.join(parts)})"
    return _text(_EVENT_COLUMNS, source, params)


def retold(texts: Iterable[str], people: People) -> Events:
    """The events that `told` wrote down; of `people` only."""
    return _events(_parsed(_EVENT_COLUMNS, "\n".join(filter(None, texts))), people)


def _events(table: pa.Table, people: People, *, ingested: bool = False) -> Events:
    owner = pc.index_in(table["customer_id"], value_set=people.texts)
    if owner.null_count:
        ours = pc.is_valid(owner)
        table, owner = table.filter(ours), owner.filter(ours)
    return Events(
        customer=np.asarray(_joined(owner)).astype(np.int64),
        occurred=_moments(table["occurred_at"]),
        known=_moments(table["ingested_at" if ingested else "occurred_at"]),
        kind=np.asarray(_joined(table["kind"])),
        value=_floats(table["value"]),
        quantity=_floats(table["quantity"]),
        lead_days=_floats(table["lead_days"]),
        **{name: _words(table[name]) for name in ("item", "channel", "cabin", "haul")},
    )


def gathered(
    columns: dict[str, tuple[str, pa.DataType]], source: str, params: dict[str, Any], order: str = ""
) -> pa.Table:
    """The columns (name: SQL expression, type) of all rows of `source`, as Arrow; an empty field is missing."""
    return _parsed(columns, _text(columns, source, params, order))


def _text(columns: dict[str, tuple[str, pa.DataType]], source: str, params: dict[str, Any], order: str = "") -> str:
    expressions = ", ".join(expression for expression, _ in columns.values())
    with connection.cursor() as cursor:
        cursor.execute(_GATHERED_SQL.format(columns=expressions, source=source, order=order), params)
        return cursor.fetchone()[0] or ""


def _parsed(columns: dict[str, tuple[str, pa.DataType]], text: str) -> pa.Table:
    types = {name: dtype for name, (_, dtype) in columns.items()}
    if not text:
        return pa.schema(list(types.items())).empty_table()
    return pa_csv.read_csv(
        pa.BufferReader(text.encode()),
        read_options=pa_csv.ReadOptions(column_names=list(columns)),
        parse_options=pa_csv.ParseOptions(delimiter="\x1f", quote_char=False),
        convert_options=pa_csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""]),
    )


def microseconds(moment: datetime) -> int:
    """Since 1970, exact: a float would be wrong by some of them."""
    return int(np.datetime64(moment.replace(tzinfo=None), "us").astype(np.int64))


def _joined(column: pa.ChunkedArray) -> pa.Array:
    joined = column.combine_chunks()
    return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined


def _moments(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(_joined(column).cast(pa.int64()))


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return column.to_numpy().astype(np.float64)


def _words(column: pa.ChunkedArray) -> Words:
    encoded = _joined(column.unify_dictionaries())
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Words(codes, tuple(encoded.dictionary.to_pylist()))


def _tier_rank(column: pa.ChunkedArray) -> NDArray[np.float64]:
    encoded = _joined(column).dictionary_encode()
    ranks = [float(TIER_RANK.get(word.lower(), 1)) for word in encoded.dictionary.to_pylist()]
    return np.array([*ranks, np.nan])[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
