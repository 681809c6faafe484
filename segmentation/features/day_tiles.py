"""Day tiles in Postgres: of customers with so many events that reading them all for each new one would be felt.

Comes in: customers whom a batch found busy, and their events. Goes out: one row a customer and day of the airline, with
its partials. Refuses: to answer where a tile may differ from the events. Two things tell: triggers note the day of
every event that is changed or deleted (`watch`), and the events that stand must be as many as went into the tiles.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from numpy.typing import NDArray

from iaros.lib import clock, copying, valkey
from iaros.lib.ids import as_uuids, bucket_of, uuid7
from segmentation.features import calendar, facts, partials
from segmentation.features.catalogue import VERSION
from segmentation.features.facts import People, Which
from segmentation.features.partials import Rows
from segmentation.models import BusyCustomer, DayTile, OutdatedTile

# From so many events on, tiles cost a customer less than the events do: docs/performance.md has the figures.
BUSY = 5_000
_ONE_DAY = timedelta(days=1)
log = logging.getLogger(__name__)
_STANDING_SQL = """
SELECT b.through, b.catalogue_version, b.events, b.stamp,
       EXISTS (SELECT FROM segmentation_outdatedtile o WHERE o.bucket = b.bucket AND o.customer_id = b.id) AS outdated,
       (SELECT count(*) FROM profiles_event e WHERE e.bucket = b.bucket AND e.customer_id = b.id) AS stand
FROM segmentation_busycustomer b WHERE b.bucket = %(bucket)s AND b.id = %(id)s
"""
# Whoever writes holds a lock on the number of their transaction; a snapshot does not name the newest of them, and names
# those of other databases too. The lock has the lower half of the number, so the upper one is that of numbers near now.
_UNDER_WAY = """
SELECT (now.xid & ~4294967295::bigint) + low.xid
    - CASE WHEN low.xid > (now.xid & 4294967295) + 2147483648 THEN 4294967296 ELSE 0 END AS xid
FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid) AS now
CROSS JOIN (
    SELECT held.transactionid::text::bigint AS xid FROM pg_locks AS held
    JOIN pg_stat_activity AS session ON session.pid = held.pid AND session.datname = current_database()
    WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND held.pid <> pg_backend_pid()
) AS low
"""
_SETTLED_SQL = f"""
SELECT NOT EXISTS (SELECT FROM ({_UNDER_WAY}) AS open WHERE open.xid < b.settled_after)
FROM segmentation_busycustomer b WHERE b.bucket = %(bucket)s AND b.id = %(id)s
"""
_SETTLE_SQL = f"""
UPDATE segmentation_busycustomer SET settled_after = greatest(
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint, (SELECT max(open.xid) + 1 FROM ({_UNDER_WAY}) AS open)
)
WHERE bucket = %(bucket)s AND id = %(id)s AND settled_after IS NULL
"""
_DIFFERING_SQL = """
SELECT coalesce(t.day, e.day) FROM (
    SELECT (occurred_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS events FROM profiles_event
    WHERE bucket = %(bucket)s AND customer_id = %(id)s AND occurred_at < %(over)s GROUP BY 1
) e
FULL JOIN (
    SELECT day, events FROM segmentation_daytile WHERE bucket = %(bucket)s AND customer_id = %(id)s
) t ON t.day = e.day
WHERE t.events IS DISTINCT FROM e.events
"""
_DONE_SQL = """
UPDATE segmentation_busycustomer b
SET through = %(through)s, catalogue_version = %(version)s, stamp = %(stamp)s, events = (
    SELECT coalesce(sum(t.events), 0) FROM segmentation_daytile t WHERE t.bucket = b.bucket AND t.customer_id = b.id
)
WHERE b.bucket = %(bucket)s AND b.id = %(id)s
"""
_READ_SQL = """
SELECT string_agg(int4send(t.day - DATE '1970-01-01') || int4send(length(t.partials)), ''::bytea ORDER BY t.day),
       string_agg(t.partials, ''::bytea ORDER BY t.day)
FROM segmentation_daytile t
WHERE t.bucket = %(bucket)s AND t.customer_id = %(id)s AND t.day < %(before)s AND t.day <> ALL(%(without)s::date[])
"""
_HEAD = np.dtype([("day", ">i4"), ("length", ">i4")])


@dataclass(frozen=True)
class Kept:
    """What a look after all tiles found: `busy` customers, of whom so many have their `tiles` now, and those who are
    `no_longer` busy or may not be analysed, whose tiles went."""

    busy: int
    made: int
    tiles: int
    no_longer: int


@dataclass(frozen=True)
class Standing:
    """How a busy customer's tiles stand: they hold the days before `through`, `events` events of the `stand` there are.

    `usable`: of today's catalogue, and no day is known to have changed.
    """

    through: date
    events: int
    stand: int
    stamp: UUID
    usable: bool


def watch() -> None:
    """Give the events the triggers that note changed days; called after every migration."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('segmentation_outdate_tiles') IS NOT NULL")
        if cursor.fetchone()[0]:
            for statement in _TRIGGERS:
                cursor.execute(statement)


_TRIGGERS = (
    "CREATE OR REPLACE TRIGGER outdate_tiles_of_update AFTER UPDATE ON profiles_event "
    "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT "
    "EXECUTE FUNCTION segmentation_outdate_tiles()",
    "CREATE OR REPLACE TRIGGER outdate_tiles_of_delete AFTER DELETE ON profiles_event "
    "REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION segmentation_outdate_tiles()",
)


def enlist(people: People, owner: NDArray[np.int64]) -> int:
    """Note which of `people` are busy, `owner` being the place of each event's customer; returns how many are."""
    busy = np.flatnonzero(np.bincount(owner, minlength=len(people)) >= BUSY)
    if len(busy):
        rows = [BusyCustomer(bucket=bucket_of(one), id=one) for one in as_uuids(people.ids[busy])]
        BusyCustomer.objects.bulk_create(rows, ignore_conflicts=True)
    return len(busy)


def busy_among(which: Which) -> set[str]:
    """The busy ones of these customers."""
    found = BusyCustomer.objects.filter(bucket__in=which.buckets, id__in=which.customers or ())
    return {str(one) for one in found.values_list("id", flat=True)}


def standing(customer_id: UUID) -> Standing | None:
    """None where there are no tiles yet."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING_SQL, _of(customer_id))
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    through, version, events, stamp, outdated, stand = row
    return Standing(through, events, stand, stamp, usable=version == VERSION and not outdated)


def read(customer_id: UUID, before: date, without: Iterable[date]) -> tuple[Rows, NDArray[np.datetime64]]:
    """The rows of all tiles of days before that day and not `without`; and the day of each row."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_SQL, {**_of(customer_id), "before": before, "without": list(without)})
        head, packed = (bytes(part or b"") for part in cursor.fetchone())
    heads = np.frombuffer(head, dtype=_HEAD)
    days = heads["day"].astype("datetime64[D]")
    return np.frombuffer(packed, dtype=partials.ROW), np.repeat(days, heads["length"] // partials.ROW.itemsize)


@transaction.atomic
def make(customer_id: UUID, people: People, until: date) -> bool:
    """Make the tiles that are missing or may differ, of the days before `until` and of what is made already.

    `people` is the customer, who may be analysed. False as long as transactions are under way that may not have seen
    that their changes are to be noted.
    """
    which, who = Which(customers=(str(customer_id),)), _of(customer_id)
    with connection.cursor() as cursor:
        which.hold(cursor)
        cursor.execute(_SETTLE_SQL, who)
        if cursor.rowcount:
            return False
        cursor.execute(_SETTLED_SQL, who)
        if not (cursor.fetchone() or (False,))[0]:
            return False
        busy = BusyCustomer.objects.get(bucket=who["bucket"], id=customer_id)
        transaction.on_commit(partial(_forget_kept, [busy]))
        through = max(until, busy.through or until)
        noted = _noted(who)
        whole = busy.through is None or busy.catalogue_version != VERSION
        days = None if whole else {day for day in noted if day < through} | _differing(who, through)
        _write(which, people, days, through)
        cursor.execute(_DONE_SQL, {**who, "through": through, "version": VERSION, "stamp": uuid7()})
    return True


def keep(until: date, *, anew: bool = False) -> Kept:
    """Bring the tiles of all busy customers up to that day, `anew` from their events; whoever is none any more loses
    theirs."""
    busy, made, gone = list(BusyCustomer.objects.order_by("bucket", "id")), 0, list[UUID]()
    for one in busy:
        which = Which(customers=(str(one.id),))
        people, stand = facts.analysable(which), standing(one.id)
        if not len(people) or (stand is not None and stand.stand < BUSY // 2):
            gone.append(one.id)
            continue
        if anew:
            BusyCustomer.objects.filter(bucket=one.bucket, id=one.id).update(through=None)
        # The first look at somebody new only waits for what is under way.
        made += make(one.id, people, until) or make(one.id, people, until)
    forget(gone)
    return Kept(len(busy) - len(gone), made, DayTile.objects.count(), len(gone))


def forget(customers: Sequence[UUID]) -> dict[str, int]:
    """Delete all tiles of these customers, and what Valkey keeps of them; returns the rows by table."""
    buckets = sorted({bucket_of(one) for one in customers})
    _forget_kept(BusyCustomer.objects.filter(bucket__in=buckets, id__in=customers))
    mine = {"bucket__in": buckets, "customer_id__in": customers}
    return {
        "segmentation_daytile": DayTile.objects.filter(**mine).delete()[0],
        "segmentation_outdatedtile": OutdatedTile.objects.filter(**mine).delete()[0],
        "segmentation_busycustomer": BusyCustomer.objects.filter(bucket__in=buckets, id__in=customers).delete()[0],
    }


def key_of(customer_id: UUID, stamp: UUID) -> str:
    """Where Valkey keeps what the tiles come to: it names the catalogue and the last change of a tile."""
    return f"iaros:features:{VERSION}:{customer_id}:{stamp}"


def _forget_kept(busy: Iterable[BusyCustomer]) -> None:
    keys = [key_of(row.id, row.stamp) for row in busy]
    try:
        if keys:
            valkey.client().delete(*keys)
    except valkey.WENT_WRONG as error:
        log.warning("what Valkey keeps of day tiles ends by itself: %s", error)


def _noted(who: dict[str, Any]) -> set[date]:
    """Days that were noted as changed, forgotten before any event is read: what changes meanwhile is noted anew."""
    mine = OutdatedTile.objects.filter(bucket=who["bucket"], customer_id=who["id"])
    noted = {row.id: row.occurred_at for row in mine}
    OutdatedTile.objects.filter(id__in=list(noted)).delete()
    return set(map(clock.airline_day, noted.values()))


def _differing(who: dict[str, Any], until: date) -> set[date]:
    """Days before `until` that hold another number of events than their tiles, or have no tile yet."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERING_SQL, {**who, "zone": settings.AIRLINE_TIME_ZONE, "over": calendar.begins(until)})
        return {row[0] for row in cursor.fetchall()}


def _write(which: Which, people: People, days: set[date] | None, until: date) -> None:
    """Make the tiles of these days, or of all before `until`, in the place of those that stand."""
    customer_id = UUID((which.customers or ("",))[0])
    tiles = DayTile.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id)
    (tiles if days is None else tiles.filter(day__in=days)).delete()
    over = calendar.begins(until)
    spans = [(None, over)] if days is None else [*_spans(days)]
    events = facts.retold([facts.told(which, spans)], people)
    if not len(events):
        return
    found, place, counts = np.unique(calendar.days(events.occurred), return_inverse=True, return_counts=True)
    last: list[date] = found.tolist()
    ends = np.array([facts.microseconds(calendar.begins(day + _ONE_DAY)) for day in last])
    rows = partials.fold(events, place, len(last), ends)
    ids = np.tile(people.ids, (len(last), 1))
    columns: dict[str, copying.Column] = {
        "bucket": copying.smallints(ids[:, 15]),
        "customer_id": copying.uuids(ids),
        "day": copying.dates(found),
        "events": copying.integers(counts),
        "partials": copying.blobs([one.tobytes() for one in rows]),
    }
    with connection.cursor() as cursor:
        copying.copy_in(cursor, "segmentation_daytile", columns)


def _spans(days: set[date]) -> Iterator[tuple[datetime, datetime]]:
    """Runs of neighbouring days as spans of time."""
    run: list[date] = []
    for day in [*sorted(days), date.max]:
        if run and day != run[-1] + _ONE_DAY:
            yield calendar.begins(run[0]), calendar.begins(run[-1] + _ONE_DAY)
            run = []
        run.append(day)


def _of(customer_id: UUID) -> dict[str, Any]:
    return {"bucket": bucket_of(customer_id), "id": customer_id}
