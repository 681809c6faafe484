"""Customers that are new or changed are compared with everybody they could be, and joined where all taken together says
that they are one. All that one process joins is one run, so that it can be taken back.

Several processes may compare at once, each the customers of its own buckets (`together`). Then everybody's keys are
committed before anybody is looked for, so that of two who are new at the same time at least one finds the other; and
who was joined by another process meanwhile is compared again rather than joined on what is known no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.utils import OperationalError

from iaros.lib import clock, undo
from iaros.lib.leases import lock_in_transaction, share_in_transaction
from iaros.lib.memory import undisturbed
from iaros.lib.reports import Progress, silent
from profiles.golden import assemble
from profiles.identity import company, contested, joining, match_models, probable, search_keys
from profiles.identity.candidates import Pair
from profiles.identity.probable import Decisions
from profiles.identity.search_keys import BUCKETS_AT_ONCE, Keyed
from profiles.identity.weighing import Weighing
from profiles.ingest import runs
from profiles.models import IngestRun

# One decides at a time, or several who know of each other: two who met the same people at once would each know half.
LOCK = "profiles.probable"
CUSTOMERS_AT_ONCE = 5000
SMALL = 2_000_000  # of so many customers the ids of all are read in one go
BUCKETS = 256
# Who was joined is told of anew, and may now be likened to somebody else; few are left after two rounds.
MOST_ROUNDS = 4
TRIES = 4


@dataclass
class Matched:
    """How many customers were looked at, pairs weighed, customers joined, and pairs held for review. `survivors` are
    those whom others were joined to, as they were told of last."""

    looked_at: int = 0
    compared: int = 0
    joined: int = 0
    held: int = 0
    survivors: set[UUID] = field(default_factory=set)


def match_changed(progress: Progress = silent, *, low: int = 0, high: int = BUCKETS, together: bool = False) -> Matched:
    """Compare everybody of these buckets whose profile changed since they were last compared, a few thousand a
    transaction. `together`: other processes compare other buckets at the same time."""
    comparing = _Comparing(together=together)
    step = BUCKETS if comparing.base <= SMALL else BUCKETS_AT_ONCE
    for first in range(low, high, step):
        last = min(first + step, high)
        for some in search_keys.changed(first, last, CUSTOMERS_AT_ONCE):
            comparing.compare(some)
        progress(phase="probable matches", done=last - low, total=high - low)
    return comparing.finished()


def match(customers: Sequence[UUID]) -> Matched:
    """Compare these customers now, in a few milliseconds for one."""
    comparing = _Comparing()
    comparing.compare(search_keys.of(customers))
    return comparing.finished()


class _Comparing:
    """One run of comparisons, begun when somebody is joined: until then there is nothing that could be taken back."""

    def __init__(self, *, together: bool = False) -> None:
        self.done, self.in_force, self.base = Matched(), match_models.champion(), match_models.base()
        self.run: IngestRun | None = None
        self.together = together
        if together:  # By this a later one sees that this one was killed.
            self.run = self._begun()

    def compare(self, some: list[Keyed]) -> None:
        with undisturbed():
            originals, copies = probable.apart_from_copies(some)
            if not self.together:
                return self._compare(some, originals, copies)
            self._again(lambda: search_keys.publish(originals))
            try:
                self._again(lambda: self._compare(some, originals, copies))
            except BaseException:
                # Their keys say that they were compared, and they were not.
                search_keys.doubt([each.customer for each in originals])
                raise

    def _again(self, act: Callable[[], object]) -> None:
        """Try again what another process stood in the way of: two that each wait for what the other holds."""
        for left in reversed(range(TRIES)):
            try:
                act()
                return
            except OperationalError:
                if not left:
                    raise

    def finished(self) -> Matched:
        """Compare the survivors again, knowing now what those who joined them knew."""
        for left in reversed(range(MOST_ROUNDS - 1)):
            survivors, self.done.survivors = self.done.survivors, set()
            self.together &= left > 0  # In the last round nobody else joins anybody.
            # Who travelled with them may be known by their company now.
            for some in _some(sorted(survivors | company.of(survivors))):
                self.compare(search_keys.of(some))
        if self.run and self.done.joined:
            runs.finish_act(self.run, self.done.joined)
        elif self.run:
            runs.forget_act(self.run)
        return self.done

    def _begun(self) -> IngestRun:
        return runs.begin_act(runs.PROBABLE, "probable matches")

    @transaction.atomic
    def _compare(self, some: list[Keyed], originals: list[Keyed], copies: Mapping[UUID, UUID]) -> None:
        if self.together:
            share_in_transaction(LOCK)
            began = contested.now()
        else:
            lock_in_transaction(LOCK)
            search_keys.write(originals)
        decisions = probable.decide(originals, base=self.base, in_force=self.in_force, copies=copies)
        if self.together and decisions.joins:
            self._without(
                contested.since(began, {customer for pair in decisions.joins for customer in pair}), decisions
            )
        at = self._join(decisions) if decisions.joins else clock.now()
        joined = {duplicate for _, duplicate in decisions.joins}
        search_keys.write([each for each in some if each.customer in copies and each.customer not in joined])
        held = {pair: (reason, _why(found, decisions)) for pair, (reason, found) in decisions.held.items()}
        self.done.held += joining.hold(held, version=decisions.version, at=at)
        self.done.looked_at += len(some)
        self.done.compared += decisions.compared
        self.done.joined += len(decisions.joins)

    def _without(self, taken: set[UUID], decisions: Decisions) -> None:
        """Leave out whatever was to be joined to somebody who is not what they were when they were compared: all of
        those are compared again."""
        broken = {survivor for survivor, duplicate in decisions.joins if {survivor, duplicate} & taken}
        left_out: list[Pair] = [pair for pair in decisions.joins if pair[0] in broken]
        self.done.survivors |= {customer for pair in left_out for customer in pair}
        for pair in left_out:
            del decisions.joins[pair]

    def _join(self, decisions: Decisions) -> datetime:
        """Join whom the decisions join; returns the moment that their links bear."""
        self.run = self.run or self._begun()
        at = self.run.started_at
        with undo.kept_for(self.run.id):
            survivors = joining.join({pair: _why(found, decisions) for pair, found in decisions.joins.items()}, at=at)
            golden = assemble.retell(survivors, at=at)
        news = decisions.news()
        self.done.survivors |= news
        # Of whom nothing new was told, nobody else is likelier than before: their keys stand, as of now.
        told = [(UUID(bytes=raw), values) for raw, values in golden.items()]
        search_keys.write(search_keys.made_of([each for each in told if each[0] not in news]))
        return at


def _why(found: Weighing, decisions: Decisions) -> joining.Why:
    return joining.Why(found.weight, found.evidence(decisions.version))


def _some(customers: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for at in range(0, len(customers), CUSTOMERS_AT_ONCE):
        yield customers[at : at + CUSTOMERS_AT_ONCE]
