"""A model speaks only through its gate, is what was sealed, and can be taken back."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from segmentation.ml import artifact, prediction, registry
from segmentation.ml.artifact import FittedModel
from segmentation.ml.estimators.boosted_trees import BoostedTreesClassifier, BoostedTreesRegressor
from segmentation.ml.spec import Gate
from segmentation.models import ModelVersion, VersionStatus

FEATURES = ("recency", "frequency")
BANDS = {"kind": "error_bands", "level": 0.9, "edges": [0.5], "low": [-0.1, -0.1], "high": [0.1, 0.1]}
CHECK = {"name": "roc_auc", "value": 0.8, "rule": "at least", "limit": 0.7, "passed": True}


@pytest.fixture(scope="module")
def model() -> FittedModel:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1_000, 2)).astype(np.float32)
    trees = BoostedTreesClassifier(max_rounds=20).fit(X, (X[:, 0] + rng.normal(size=1_000) > 0).astype(int))
    return FittedModel("binary", FEATURES, trees, {"method": "platt", "slope": 1.1, "intercept": 0.1}, BANDS)


@pytest.fixture
def trained(db, model):
    def make(number: int, status: VersionStatus = VersionStatus.PASSED, **check) -> ModelVersion:
        packed, sha256 = artifact.pack(model)
        return ModelVersion.objects.create(
            name="lapse",
            number=number,
            as_of=datetime(2026, 10, 31, tzinfo=UTC),
            status=status,
            sha256=sha256,
            artifact=packed,
            features=list(FEATURES),
            metrics={},
            gate={"passed": True, "checks": [CHECK | check]},
            card={},
        )

    return make


def test_artifact__packed_and_unpacked__same_values_and_same_bytes(model):
    X = np.array([[0.5, np.nan], [-2.0, 1.0]], dtype=np.float32)

    packed, sha256 = artifact.pack(model)
    again = artifact.unpack(packed, sha256)

    np.testing.assert_array_equal(again.value(X), model.value(X))
    assert artifact.pack(again)[1] == sha256


def test_artifact__one_byte_changed__refused(model):
    packed, sha256 = artifact.pack(model)

    with pytest.raises(artifact.TamperedArtifact):
        artifact.unpack(packed[:-1] + bytes([packed[-1] ^ 1]), sha256)


def test_predict__value_lies_in_its_interval_and_reasons_come_strongest_first(trained):
    rows = pd.DataFrame({"frequency": [1.0, np.nan], "recency": [2.0, -2.0], "other": [9, 9]})

    scores = prediction.predict(trained(1), rows)

    assert (scores.low <= scores.value).all()
    assert (scores.value <= scores.high).all()
    assert [reasons[0]["feature"] for reasons in scores.reasons] == ["recency", "recency"]
    assert scores.reasons[0][0]["contribution"] > 0 > scores.reasons[1][0]["contribution"]


def test_predict__feature_absent__refused(trained):
    with pytest.raises(prediction.MissingFeatures, match="frequency"):
        prediction.predict(trained(1), pd.DataFrame({"recency": [1.0]}))


def test_champion__nothing_trained__none(db):
    assert registry.champion("lapse") is None


def test_promote__short_of_its_gate__refused_and_named(trained):
    version = trained(1, VersionStatus.SHORT, value=0.6, passed=False)

    with pytest.raises(registry.ShortOfItsGate, match=r"roc_auc 0.6, must be at least 0.7"):
        registry.promote(version, "ada")

    assert registry.champion("lapse") is None


def test_promote__bytes_changed_in_the_table__refused(trained):
    version = trained(1)
    ModelVersion.objects.filter(id=version.id).update(artifact=b"something else")
    version.refresh_from_db()

    with pytest.raises(artifact.TamperedArtifact):
        registry.promote(version, "ada")


def test_settle__first_passing_version_speaks__the_next_challenges(trained):
    first, second, third = trained(1), trained(2), trained(3, VersionStatus.SHORT, value=0.6, passed=False)

    for version in (first, second, third):
        registry.settle(version, "nightly")

    assert registry.champion("lapse") == first
    assert registry.challenger("lapse") == second


def test_rollback__after_two_promotions__restores_one_after_the_other(trained):
    versions = [trained(number) for number in (1, 2, 3)]
    for version in versions:
        registry.promote(version, "ada")

    registry.rollback("lapse", "ada")
    second = registry.champion("lapse")
    registry.rollback("lapse", "ada")

    assert second == versions[1]
    assert registry.champion("lapse") == versions[0]
    with pytest.raises(registry.NothingToRollBackTo):
        registry.rollback("lapse", "ada")


def test_gate__every_condition_is_judged_on_its_own():
    gate = Gate(at_least={"roc_auc": 0.7}, at_most={"ece": 0.03}, min_rows=100, min_outcomes=10)

    checks = gate.judge({"roc_auc": 0.9, "ece": 0.05, "coverage_90": 0.9, "rows_test": 500, "outcomes_test": 50})

    assert [check.name for check in checks if not check.passed] == ["ece"]


def test_trees__same_seed__same_text():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(500, 3)).astype(np.float32), rng.gamma(1, 100, 500)

    first, second = (BoostedTreesRegressor(max_rounds=10, seed=5).fit(X, y).to_text() for _ in range(2))

    assert first == second
