"""Estimates a match model on the airline's own records: nothing is labelled, and nothing but weights and the shares of
common values leaves the memory."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from profiles.identity import forms
from profiles.identity.matching import blocking, clustering, matching
from profiles.identity.matching.estimation import CannotEstimate
from profiles.identity.matching.model import MatchModel
from profiles.identity.matching.scoring import Scorer, columns_of

# Of the pairs that are linked without a person, this share may be wrong by the model's own word.
MOST_WRONG = 0.0003
LEAST_BITS, REVIEW_BITS = 7.0, 0.0
# A value that fewer records hold may say who somebody is, and stays at home.
LEAST_HOLDERS, MOST_VALUES = 5, 2000
FEWEST = 200
_SAMPLE_SQL = """
SELECT p.id FROM profiles_profile p ORDER BY p.bucket, p.id LIMIT %(most)s
"""


@transaction.atomic
def learn(most_customers: int) -> MatchModel:
    """A match model for the customers of this installation, with thresholds. Raises CannotEstimate."""
    customers = _sample(most_customers)
    if len(customers) < FEWEST:
        raise CannotEstimate(f"{len(customers)} customers with a profile; at least {FEWEST} are needed")
    cleaned = forms.of(customers).cleaned
    model = replace(matching.learn(cleaned), records=len(customers))
    model = replace(model, learnt_from=f"{len(cleaned):,} forms of {len(customers):,} customers")
    left, right = blocking.candidates(cleaned)
    link_from = _sure_enough(Scorer(model, columns_of(cleaned)), left, right)
    return replace(
        model, threshold=link_from, review=min(REVIEW_BITS, link_from), frequencies=_common(model, len(cleaned))
    )


def _sample(most: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE_SQL, {"most": most})
        return sorted(row[0] for row in cursor.fetchall())


def _sure_enough(scorer: Scorer, left: np.ndarray, right: np.ndarray) -> float:
    """The lowest weight from which at most `MOST_WRONG` of the pairs above it are wrong, by their own chances."""
    weighed = scorer.weigh(left, right)
    weight = np.sort(weighed.weight[~clustering.contradicted(weighed)])[::-1]
    weight = weight[weight >= LEAST_BITS]
    if not len(weight):
        return LEAST_BITS
    wrong = np.cumsum(1 / (1 + np.exp2(np.clip(weight, -60, 60)))) / np.arange(1, len(weight) + 1)
    allowed = np.flatnonzero(wrong <= MOST_WRONG)
    return float(weight[allowed[-1]]) if len(allowed) else float(weight[0])


def _common(model: MatchModel, records: int) -> dict[str, dict[str, float]]:
    found = {}
    for column, shares in model.frequencies.items():
        common = sorted(shares.items(), key=lambda row: (-row[1], row[0]))[:MOST_VALUES]
        found[column] = {value: round(share, 7) for value, share in common if share * records >= LEAST_HOLDERS}
    return found
