"""What follows when somebody says of two customers that they are one, or that they are not.

Pages and API decide here; what they show is read from `profiles.identity.review`.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from iaros.accounts.models import User
from profiles import identity_acts
from profiles.identity import joining, review
from profiles.identity.review import NoSuchPair, Pair
from profiles.models import IdentityAct, ReviewPair, Verdict


@dataclass(frozen=True)
class Decided:
    """The pair as it is now, whether this word decided it, and the act that joined the two, if one did."""

    pair: Pair
    decides: bool
    act: IdentityAct | None

    @property
    def survivor(self) -> UUID | None:
        return self.act.customer_id if self.act else None


@transaction.atomic
def decide(pair_id: int, verdict: Verdict, actor: User) -> Decided:
    """Say of a pair whether it is one person. Accepting joins the two, the oldest id surviving; rejecting is
    remembered, and no sum of weights links them again; "not sure" leaves the pair to others.

    The first word decides; later ones are opinions by which agreement is measured. A joining can be taken back like any
    merge by hand. Raises NoSuchPair, and CannotMerge, after which nothing was said.
    """
    row = ReviewPair.objects.select_for_update().filter(id=pair_id).first()
    if row is None:
        raise NoSuchPair(f"There is no pair {pair_id}.")
    before = review.pair_of(pair_id)
    decides = review.record(row, verdict, actor)
    act = None
    if decides and verdict == Verdict.ACCEPTED and before.one != before.other:
        act = _join(before, actor)
    return Decided(review.pair_of(pair_id), decides, act)


def _join(pair: Pair, actor: User) -> IdentityAct:
    reason = f"Pair {pair.id} was found to be one person"
    act = identity_acts.merge_customers(one=pair.one, other=pair.other, by=actor, reason=reason)
    parts = [[part.comparison, part.outcome, part.weight] for part in pair.parts]
    why = joining.Why(pair.weight, {"model": pair.model_version, "parts": parts, "pair": pair.id})
    joining.explain({(act.customer_id, act.other_id): why}, at=act.at)
    return act
