"""The first day: nobody has bought anything, and every answer is still an answer."""

from __future__ import annotations

import pytest

from iaros.lib.purposes import Purpose
from recommendations import pipeline, selectors
from recommendations.models import ItemKind
from recommendations.ranking.training import TooLittleHistory
from tests.recommendations import town
from tests.recommendations.conftest import allow

pytestmark = pytest.mark.django_db


def test_retrain__is_refused_in_words():
    with pytest.raises(TooLittleHistory, match="nothing was sold"):
        pipeline.retrain(ItemKind.ROUTE, town.AS_OF)


def test_refresh__reports_it_and_ranks_nobody():
    reports = pipeline.refresh(town.AS_OF)

    assert [report.profiles for report in reports] == [0, 0]
    assert "nothing was sold" in reports[0].note


def test_recommend__answers_with_nothing_at_the_last_fallback_level(nobody):
    allow(nobody)

    answer = selectors.recommend(nobody, purpose=Purpose.PERSONALISATION)

    assert (answer.items, answer.fallback_level, answer.refused) == ([], 4, "")


def test_status__says_no_champion():
    assert [status.state for status in selectors.recommender_status()] == ["no champion", "no champion"]
