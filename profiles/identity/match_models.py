"""Which match model decides: the champion, or the one that is shipped.

The prior of a model is the chance that two records drawn at random are of one person, and that falls as the base
grows: it is put right for the base it is used on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import orjson
from django.db import connection, transaction

from iaros.accounts.models import User
from iaros.lib import clock
from profiles.identity.matching import names
from profiles.identity.matching.model import MatchModel
from profiles.models import MatchModelVersion
from profiles.nicknames import ROOTS

FILE = Path(__file__).parent / "match_model.json"
SHIPPED = 0
_BASE_SQL = """
SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)
FROM pg_class c WHERE c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'profiles_customer'::regclass)
"""


@dataclass(frozen=True)
class InForce:
    """The model that decides now. `link_from` and `review_from` are weights in bits."""

    version: int
    model: MatchModel
    link_from: float
    review_from: float

    def on_base(self, customers: int) -> MatchModel:
        """The model with the prior of a base of so many: everybody has as many doubles there as where it was learnt."""
        learnt_on = self.model.records or customers
        prior = self.model.prior * min(learnt_on / max(customers, 1), 1.0)
        return replace(self.model, prior=max(prior, 1e-12))

    @cached_property
    def given_names(self) -> frozenset[str]:
        """Roots of the given names that many people have where the model was learnt."""
        return frozenset(filter(None, map(names.root, self.model.frequencies.get("given_name", ()))))


@cache
def shipped() -> InForce:
    model = MatchModel.from_json(orjson.loads(FILE.read_bytes()))
    return InForce(SHIPPED, model, model.threshold, model.review)


@cache
def shipped_names() -> frozenset[str]:
    """Roots of given names that many people have, as shipped: two of them are two names, however alike they look."""
    return frozenset(ROOTS.values()) | shipped().given_names


def champion() -> InForce:
    """The model in force."""
    row = MatchModelVersion.objects.filter(champion=True).first()
    if row is None:
        return shipped()
    return InForce(row.pk, MatchModel.from_json(row.weights), row.link_from, row.review_from)


@transaction.atomic
def keep(model: MatchModel, *, by: User | None = None, promote: bool = False) -> MatchModelVersion:
    """Keep an estimated model as a version; with `promote` it decides from now on."""
    row = MatchModelVersion.objects.create(
        weights=model.to_json(),
        link_from=model.threshold,
        review_from=model.review,
        learnt_from=model.learnt_from[:200],
        estimated_at=clock.now(),
        estimated_by=by,
    )
    return promoted(row) if promote else row


@transaction.atomic
def promoted(row: MatchModelVersion) -> MatchModelVersion:
    """Let this version decide; the one before stays, and can be promoted again."""
    MatchModelVersion.objects.select_for_update().filter(champion=True).update(champion=False)
    row.champion, row.promoted_at = True, clock.now()
    row.save(update_fields=["champion", "promoted_at"])
    return row


def base() -> int:
    """About how many customers there are, as the server last counted."""
    with connection.cursor() as cursor:
        cursor.execute(_BASE_SQL)
        return int(cursor.fetchone()[0])
