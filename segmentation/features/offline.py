"""Point in time: features of many (customer, T) rows, each from what had happened strictly before its own T.

Comes in: a frame with `customer_id` (UUID, or its 16 bytes, or its text) and `at` (aware datetimes), for trips also
`booking_id`. Goes out: the same rows in the same order with one float32 column per feature.
Refuses: names whose past cannot be found again (`rfm:`, which would need the whole base at every T, and the step on the
loyalty ladder, of which only today's is kept).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from numpy.typing import NDArray

from segmentation.features import compute, facts, trips
from segmentation.features.catalogue import get
from segmentation.features.facts import People, Which
from segmentation.features.grammar import Feature, Parity
from segmentation.features.tiles import Events, Tiles

if TYPE_CHECKING:
    import pandas as pd

# Rows and events of one customer are paired; so many pairs at once keep a frame of any size within some 500 MB.
_PAIRS = 1_500_000
_FIRST_LOAD = timedelta(days=1)


class NotPointInTime(ValueError):
    """The feature's value at a past moment cannot be found again."""


def frame(
    entities: pd.DataFrame,
    names: Sequence[str],
    *,
    entity: Literal["customer", "booking"] = "customer",
    known_at: bool = False,
) -> pd.DataFrame:
    """Add the features `names` to `entities`, each row as of its `at`.

    Events count from [T - window, T). With `known_at` an event must also have reached the platform before T; what came
    on the first day on which anything was ingested is history that the airline knew when it happened, so it counts
    from its occurrence. Rows of customers who may not be analysed, or are not known, have NaN throughout.
    `loyalty:` and `profile:age_years` come from today's profile (Parity.LATEST), cut at T: who enrolled later was no
    member and of no known age. `entity="booking"` allows `trip:` features, of the row's booking and customer.
    """
    import pandas as pd

    features = _checked(names, entity)
    result = entities.reset_index(drop=True)
    values = np.full((len(result), len(features)), np.nan, dtype=np.float32)
    if len(result):
        _fill(result, features, values, known_at)
    return pd.concat([result, pd.DataFrame(values, columns=list(names))], axis=1)


def course_of(customer_id: UUID, moments: Sequence[datetime], names: Sequence[str]) -> NDArray[np.float32]:
    """One customer's features `names` at each of these moments, should nothing more happen after the first of them.

    What is asked of the whole base is NaN. Nobody who may not be analysed has a row.
    """
    which = Which(customers=(str(customer_id),))
    people, features = facts.analysable(which), [get(name) for name in names]
    values = np.full((len(moments) if len(people) else 0, len(features)), np.nan, dtype=np.float32)
    asked = [place for place, one in enumerate(features) if one.parity is not Parity.NONE]
    if len(values) and asked:
        events = facts.events(which, people, moments[0])
        at = np.array([facts.microseconds(moment) for moment in moments], dtype=np.int64)
        chosen = [features[place] for place in asked]
        for part, found in _values(events, people, np.zeros(len(at), dtype=np.int64), at, chosen, known_at=False):
            values[np.ix_(part, np.array(asked, dtype=np.int64))] = found
    return values


def _checked(names: Sequence[str], entity: str) -> list[Feature]:
    features = [get(name) for name in names]
    for one in features:
        if one.parity is Parity.NONE:
            raise NotPointInTime(f"{one.name}: its value in the past cannot be found again")
        if one.entity == "booking" and entity != "booking":
            raise NotPointInTime(f'{one.name} belongs to a booking; ask with entity="booking"')
    return features


def _fill(rows: pd.DataFrame, features: list[Feature], values: NDArray[np.float32], known_at: bool) -> None:
    texts = pa.array(_texts(rows["customer_id"]))
    at = rows["at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    before = rows["at"].max().to_pydatetime()
    bookings = _texts(rows["booking_id"]) if "booking_id" in rows else []
    of_events = [place for place, one in enumerate(features) if one.entity == "customer"]
    of_trips = [place for place, one in enumerate(features) if one.entity == "booking"]
    for which in _chunks(texts):
        people = facts.analysable(which)
        place = pc.index_in(texts, value_set=people.texts)
        mine = np.flatnonzero(np.asarray(pc.is_valid(place)))
        if not len(mine):
            continue
        owner = np.asarray(place.fill_null(-1)).astype(np.int64)[mine]
        events = facts.events(which, people, before, ingested=known_at)
        chosen = [features[position] for position in of_events]
        for part, found in _values(events, people, owner, at[mine], chosen, known_at):
            values[np.ix_(mine[part], np.array(of_events, dtype=np.int64))] = found
        if of_trips:
            booked = [(texts[int(row)].as_py(), bookings[row]) for row in mine]
            values[np.ix_(mine, np.array(of_trips, dtype=np.int64))] = trips.values(
                booked, [features[p].name for p in of_trips]
            )


def _values(
    events: Events,
    people: People,
    owner: NDArray[np.int64],
    at: NDArray[np.int64],
    features: list[Feature],
    known_at: bool,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Values of the rows, part by part: each row is paired with its customer's events, then folded like a batch."""
    order = np.argsort(events.customer, kind="stable")
    events = events.taken(order)
    first = np.searchsorted(events.customer, np.arange(len(people) + 1))
    counts = np.diff(first)[owner]
    since = _known_since(events) if known_at else events.occurred
    for part in _parts(counts):
        pair_row = np.repeat(np.arange(len(part)), counts[part])
        offset = np.arange(len(pair_row)) - np.repeat(np.cumsum(counts[part]) - counts[part], counts[part])
        event = first[owner[part]][pair_row] + offset
        age = at[part][pair_row] - events.occurred[event]
        past = (age > 0) & (since[event] < at[part][pair_row])
        folded = Tiles(events.taken(event[past]), pair_row[past], age[past], len(part))
        yield part, compute.matrix(folded, people.taken(owner[part]), at[part], features)


def _known_since(events: Events) -> NDArray[np.int64]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(ingested_at) FROM profiles_event")
        opened: datetime | None = cursor.fetchone()[0]
    first_load = facts.microseconds(opened + _FIRST_LOAD) if opened else 0
    return np.where(events.known < first_load, events.occurred, events.known)


def _parts(counts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Runs of rows with about so many pairs each; one row is never divided."""
    run = np.cumsum(counts) // _PAIRS
    for start in np.unique(run):
        yield np.flatnonzero(run == start)


def _chunks(texts: pa.Array) -> Iterator[Which]:
    wanted = sorted(pc.unique(texts).to_pylist(), key=lambda text: text[-2:])
    for start in range(0, len(wanted), facts.BLOCK_CUSTOMERS):
        yield Which(customers=tuple(wanted[start : start + facts.BLOCK_CUSTOMERS]))


def _texts(ids: pd.Series[Any]) -> list[str]:
    return [str(UUID(bytes=bytes(one))) if isinstance(one, bytes | bytearray) else str(one) for one in ids]
