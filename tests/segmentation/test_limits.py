"""What the airline's own settings ask of models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from segmentation import checks
from segmentation.ml import training


@pytest.fixture
def asked(settings: Any) -> Any:
    """Changes keys of `segmentation` in the airline's settings."""

    def change(**values: Any) -> None:
        intelligence = settings.INTELLIGENCE
        settings.INTELLIGENCE = replace(intelligence, segmentation=replace(intelligence.segmentation, **values))

    return change


def test_confidence_threshold__a_model_less_sure_of_its_chances__fails(asked: Any) -> None:
    asked(confidence_threshold=0.98)

    (check,) = training.asked_by_the_airline({"ece": 0.03})

    assert not check.passed
    assert check.limit == 0.02


def test_confidence_threshold__says_nothing_of_amounts() -> None:
    assert training.asked_by_the_airline({"spearman": 0.5}) == []


def test_ml_models__one_more_than_allowed__stops_the_platform(asked: Any) -> None:
    asked(ml_models=2)

    (error,) = checks.catalogue_within_its_limit()

    assert error.id == "segmentation.E001"
