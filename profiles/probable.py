"""Customers that are new or changed are compared with everybody they could be, and joined where all taken together says
that they are one. All of it is one run, so that it can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from iaros.lib import clock, undo
from iaros.lib.leases import lock_in_transaction
from iaros.lib.memory import undisturbed
from iaros.lib.reports import Progress, silent
from profiles.golden import assemble
from profiles.identity import company, joining, match_models, probable, search_keys
from profiles.identity.probable import Decisions
from profiles.identity.search_keys import BUCKETS_AT_ONCE, Keyed
from profiles.identity.weighing import Weighing
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
    comparing = _Comparing()
    step = 256 if comparing.base <= SMALL else BUCKETS_AT_ONCE
    for low in range(0, 256, step):
        for some in search_keys.changed(low, low + step, CUSTOMERS_AT_ONCE):
            comparing.compare(some)
        progress(phase="probable matches", done=low + step, total=256)
    return comparing.finished()


def match(customers: Sequence[UUID]) -> Matched:
    """Compare these customers now, in a few milliseconds for one."""
    comparing = _Comparing()
    comparing.compare(search_keys.of(customers))
    return comparing.finished()


class _Comparing:
    """One run of comparisons, begun when somebody is joined: until then there is nothing that could be taken back."""

    def __init__(self) -> None:
        self.done, self.in_force, self.base = Matched(), match_models.champion(), match_models.base()
        self.run: IngestRun | None = None

    def compare(self, some: list[Keyed]) -> None:
        with undisturbed():
            self._compare(some)

    def finished(self) -> Matched:
        """Compare the survivors again, knowing now what those who joined them knew."""
        for _ in range(MOST_ROUNDS - 1):
            survivors, self.done.survivors = self.done.survivors, set()
            # Who travelled with them may be known by their company now.
            for some in _some(sorted(survivors | company.of(survivors))):
                self.compare(search_keys.of(some))
        if self.run:
            runs.finish_act(self.run, self.done.joined)
        return self.done

    @transaction.atomic
    def _compare(self, some: list[Keyed]) -> None:
        lock_in_transaction(LOCK)
        originals, copies = probable.apart_from_copies(some)
        search_keys.write(originals)
        decisions = probable.decide(originals, base=self.base, in_force=self.in_force, copies=copies)
        at = self._join(decisions) if decisions.joins else clock.now()
        joined = {duplicate for _, duplicate in decisions.joins}
        search_keys.write([each for each in some if each.customer in copies and each.customer not in joined])
        held = {pair: (reason, _why(found, decisions)) for pair, (reason, found) in decisions.held.items()}
        self.done.held += joining.hold(held, version=decisions.version, at=at)
        self.done.looked_at += len(some)
        self.done.compared += decisions.compared
        self.done.joined += len(decisions.joins)

    def _join(self, decisions: Decisions) -> datetime:
        """Join whom the decisions join; returns the moment that their links bear."""
        self.run = self.run or runs.begin_act(runs.PROBABLE, "probable matches")
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
