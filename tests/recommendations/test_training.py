"""A model serves only if it is better than popularity, and only as it was trained."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommendations import pipeline, selectors
from recommendations.candidates import interactions
from recommendations.catalogue import items
from recommendations.models import ItemKind, Policy, RecommenderVersion
from recommendations.ranking import recommender, training
from tests.recommendations import town

pytestmark = pytest.mark.django_db


def test_train__tastes_differ__the_blend_beats_popularity_and_serves(refreshed_town):
    version = pipeline.champion(ItemKind.ROUTE)

    measured = version.metrics
    assert measured["hybrid"]["all"]["ndcg"] > 1.15 * measured["popularity"]["all"]["ndcg"]
    assert measured["gate"]["passed"]
    assert version.policy == Policy.HYBRID


def test_train__blend_below_popularity__popularity_serves(refreshed_town, monkeypatch):
    catalogue = items.load(ItemKind.ROUTE, town.AS_OF)
    dealings = interactions.read(catalogue, town.AS_OF)
    monkeypatch.setattr(training, "blended", _worst_when_blended(training.blended))

    trained = training.train(dealings, catalogue, _everything(catalogue), ("collaborative", "hybrid"))

    assert not trained.metrics["gate"]["passed"]
    assert trained.policy == Policy.POPULARITY
    assert trained.recommender.weights == {"popularity": 1.0}


def test_train__only_collaborative_configured__serves_no_blend(refreshed_town):
    catalogue = items.load(ItemKind.ROUTE, town.AS_OF)
    dealings = interactions.read(catalogue, town.AS_OF)

    trained = training.train(dealings, catalogue, _everything(catalogue), ("collaborative",))

    assert trained.recommender.weights == {"collaborative": 1.0}


def test_train__twice__learns_the_same(refreshed_town):
    catalogue = items.load(ItemKind.ANCILLARY, town.AS_OF)
    dealings = interactions.read(catalogue, town.AS_OF)
    rules = _everything(catalogue)

    first, second = (training.train(dealings, catalogue, rules, ("collaborative", "hybrid")) for _ in range(2))

    assert first.recommender.artifact() == second.recommender.artifact()


def test_artifact__one_byte_changed__is_refused(refreshed_town):
    version = RecommenderVersion.objects.get(kind="route", is_champion=True)
    version.artifact = b"X" + bytes(version.artifact)[1:]

    with pytest.raises(recommender.DamagedArtifact):
        recommender.restored(version)


def test_artifact__stored_and_restored__ranks_the_same(refreshed_town):
    version = pipeline.champion(ItemKind.ROUTE)
    likes = csr_matrix(np.eye(len(recommender.restored(version).catalogue), dtype=np.float32)[:3])
    history = interactions.History(likes, np.zeros(3, dtype=np.int64))

    first, second = (recommender.restored(version).collaborative.scores(history) for _ in range(2))

    assert np.array_equal(first, second)


def test_status__deep_learning_configured__is_said_to_be_not_installed(refreshed_town, settings):
    settings.INTELLIGENCE = _with_algorithms(settings.INTELLIGENCE, ("hybrid", "deep_learning"))

    status = selectors.recommender_status()

    assert {"name": "deep_learning", "state": "not installed"} in status[0].algorithms
    assert status[0].state == "serving"


def _everything(catalogue):
    return lambda known, homes: np.ones((len(known), len(catalogue)), dtype=bool)


def _worst_when_blended(really):
    def blended(parts, weights, eligible):
        scores = really(parts, weights, eligible)
        return scores if list(weights) == ["popularity"] else -scores

    return blended


def _with_algorithms(intelligence, algorithms):
    from dataclasses import replace

    return replace(intelligence, recommendations=replace(intelligence.recommendations, algorithms=algorithms))
