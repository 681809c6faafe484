"""Customers that are new or changed are compared with everybody they could be, and joined where all taken together says
that they are one. All of it is one run, so that it can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from iaros.lib import undo
from iaros.lib.leases import lock_in_transaction
from iaros.lib.reports import Progress, silent
from profiles.golden import assemble
from profiles.identity import joining, match_models, probable, search_keys
from profiles.identity.match_models import InForce
from profiles.identity.search_keys import BUCKETS_AT_ONCE, Keyed
from profiles.ingest import runs
from profiles.models import IngestRun

# One decides at a time: two who met the same people at once would each know half of them.
LOCK = "profiles.probable"
CUSTOMERS_AT_ONCE = 5000
SMALL = 50_000  # so many customers are read in one go
# Who was joined is told of anew, and may now be likened to somebody else; few are left after two rounds.
MOST_ROUNDS = 4


@dataclass
class Matched:
    """How many customers were looked at, pairs weighed, customers joined, and pairs held for review. `survivors` are
    those whom others were joined to, as they were told of last."""

    looked_at: int = 0
    compared: int = 0
    joined: int = 0
    held: int = 0
    survivors: set[UUID] = field(default_factory=set)


def match_changed(progress: Progress = silent) -> Matched:
    """Compare everybody whose profile changed since they were last compared, a few thousand a transaction."""
    done, in_force, base = Matched(), match_models.champion(), match_models.base()
    run = runs.begin_act(runs.PROBABLE, "probable matches")
    step = 256 if base <= SMALL else BUCKETS_AT_ONCE
    for low in range(0, 256, step):
        for some in search_keys.changed(low, low + step, CUSTOMERS_AT_ONCE):
            _match(some, run, in_force, base, done)
        progress(phase="probable matches", done=low + step, total=256)
    _once_more(run, in_force, base, done)
    return done


def match(customers: Sequence[UUID]) -> Matched:
    """Compare these customers now, in a few milliseconds for one."""
    done, in_force, base = Matched(), match_models.champion(), match_models.base()
    run = runs.begin_act(runs.PROBABLE, "probable matches")
    _match(search_keys.of(customers), run, in_force, base, done)
    _once_more(run, in_force, base, done)
    return done


def _once_more(run: IngestRun, in_force: InForce, base: int, done: Matched) -> None:
    """Compare the survivors again, knowing now what those who joined them knew."""
    for _ in range(MOST_ROUNDS - 1):
        survivors, done.survivors = sorted(done.survivors), set()
        for some in _some(survivors):
            _match(search_keys.of(some), run, in_force, base, done)
    if done.joined:
        runs.finish_act(run, done.joined)
    else:
        run.delete()


def _some(customers: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for at in range(0, len(customers), CUSTOMERS_AT_ONCE):
        yield customers[at : at + CUSTOMERS_AT_ONCE]


@transaction.atomic
def _match(some: list[Keyed], run: IngestRun, in_force: InForce, base: int, done: Matched) -> None:
    lock_in_transaction(LOCK)
    originals, copies = probable.apart_from_copies(some)
    search_keys.write(originals)
    decisions = probable.decide(originals, base=base, in_force=in_force, copies=copies)
    version, at = decisions.version, run.started_at
    with undo.kept_for(run.id):
        joins = {pair: joining.Why(found.weight, found.evidence(version)) for pair, found in decisions.joins.items()}
        survivors = joining.join(joins, at=at)
        assemble.rebuild(survivors, at=at)
    joined = {duplicate for _, duplicate in decisions.joins}
    search_keys.write([each for each in some if each.customer in copies and each.customer not in joined])
    held = {
        pair: (reason, joining.Why(found.weight, found.evidence(version)))
        for pair, (reason, found) in decisions.held.items()
    }
    done.held += joining.hold(held, version=version, at=at)
    done.looked_at += len(some)
    done.compared += decisions.compared
    done.joined += len(decisions.joins)
    done.survivors |= {UUID(bytes=raw) for raw in survivors}
