"""A stated probability means what it says, and a promise of 90 % is kept."""

import numpy as np
import pytest

from segmentation.ml import calibration, metrics
from segmentation.ml.calibration import Calibration
from segmentation.ml.conformal import AmountBands, AnswerSets, bands_from


@pytest.fixture
def overconfident():
    """Scores that exaggerate, outcomes that follow the truth: a half to fit on, a half to judge."""
    rng = np.random.default_rng(5)
    truth = rng.beta(1.5, 4, 20_000)
    outcome = (rng.random(20_000) < truth).astype(int)
    odds = truth / (1 - truth)
    return odds**2.2 / (1 + odds**2.2), outcome


def test_calibration__overconfident_score__ece_falls_below_two_percent(overconfident):
    score, outcome = overconfident

    fitted = Calibration().fit(score[:10_000], outcome[:10_000])
    probability = fitted.transform(score[10_000:])

    assert metrics.ece(outcome[10_000:], score[10_000:]) > 0.05
    assert metrics.ece(outcome[10_000:], probability) < 0.02


@pytest.mark.parametrize("method", ["none", "platt", "beta", "isotonic"])
def test_calibration__every_curve__keeps_the_order(overconfident, method):
    score, outcome = overconfident

    parameters = calibration.FITS[method](score, outcome)

    assert (np.diff(calibration.apply(parameters, np.linspace(0.01, 0.99, 200))) > 0).all()


def test_answer_sets__ninety_percent_promised__kept_within_two_points(overconfident):
    score, outcome = overconfident

    promise = AnswerSets().fit(score[:10_000], outcome[:10_000])

    assert 0.88 <= promise.coverage(score[10_000:], outcome[10_000:]) <= 0.92


def test_answer_sets__rare_answer__is_covered_like_the_common_one():
    rng = np.random.default_rng(6)
    outcome = (rng.random(40_000) < 0.02).astype(int)
    score = 1 / (1 + np.exp(-(rng.normal(size=40_000) + 2 * outcome - 4)))

    promise = AnswerSets().fit(score[:20_000], outcome[:20_000])
    rare = outcome[20_000:] == 1

    assert promise.contains(score[20_000:][rare], 1).mean() == pytest.approx(0.9, abs=0.05)


def test_answer_sets__all_scores_equal__promise_still_kept():
    outcome = (np.arange(4_000) % 5 == 0).astype(int)

    promise = AnswerSets().fit(np.full(4_000, 0.2), outcome)

    assert 0.87 <= promise.coverage(np.full(4_000, 0.2), outcome) <= 0.93


def test_amount_bands__errors_grow_with_the_amount__covered_at_every_level():
    rng = np.random.default_rng(7)
    predicted = rng.gamma(2, 100, 20_000)
    actual = np.maximum(0, predicted * (1 + rng.normal(0, 0.5, 20_000)))

    bands = AmountBands().fit(predicted[:10_000], actual[:10_000])
    large = predicted[10_000:] > 400

    assert 0.88 <= bands.coverage(predicted[10_000:], actual[10_000:]) <= 0.92
    assert 0.85 <= bands.coverage(predicted[10_000:][large], actual[10_000:][large]) <= 0.95
    for ours, stored in zip(bands.interval(predicted), bands_from(bands.to_json()).interval(predicted), strict=True):
        assert np.array_equal(ours, stored)


def test_amount_bands__most_bring_nothing_and_a_little_more_is_said_later__nothing_is_not_missed():
    rng = np.random.default_rng(7)
    predicted = rng.gamma(2, 100, 20_000)
    actual = np.where(rng.random(20_000) < 0.7, 0.0, predicted * rng.gamma(4, 0.8, 20_000))

    bands = AmountBands().fit(predicted[:10_000], actual[:10_000])
    said = predicted[10_000:] * 1.05
    low, _ = bands.interval(said)

    assert not low.any()
    assert 0.88 <= bands.coverage(said, actual[10_000:]) <= 0.94


def test_amount_bands__nearly_nobody_brings_anything__interval_is_nothing_and_covers_what_it_promises():
    rng = np.random.default_rng(7)
    predicted = rng.gamma(2, 1, 20_000)
    actual = np.where(rng.random(20_000) < 0.98, 0.0, 50.0)

    bands = AmountBands().fit(predicted[:10_000], actual[:10_000])

    assert not bands.interval(predicted)[1].any()
    assert 0.88 <= bands.coverage(predicted[10_000:], actual[10_000:]) <= 0.92


def test_lift__ties_at_the_cut__count_by_their_share():
    outcome = np.array([1, 0] * 50)

    assert metrics.lift_in_top(outcome, np.zeros(100)) == pytest.approx(1.0)
