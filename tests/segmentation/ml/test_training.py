"""The trainer looks back without looking ahead, and what it cannot learn gets no voice."""

from datetime import timedelta

import pytest

from segmentation.ml import registry, training
from segmentation.ml.catalogue import SPECS
from segmentation.models import VersionStatus
from tests.segmentation import population


@pytest.mark.parametrize("name", sorted(SPECS))
def test_moments__every_answer_learnt_from__was_known_before_the_test_looks(name):
    spec = SPECS[name]

    tested, earlier = training.moments(spec, population.AS_OF)
    judged_from = tested.since if spec.entity == "booking" else tested.at
    horizon = timedelta(days=spec.horizon_days)

    assert tested.at + horizon <= population.AS_OF
    assert all(look.at + horizon <= judged_from for look in earlier)


@pytest.mark.parametrize("name", sorted(SPECS))
def test_catalogue__features__can_be_found_again_in_the_past(name):
    assert not [feature for feature in SPECS[name].features if feature.startswith("rfm:")]
    assert len(set(SPECS[name].features)) == len(SPECS[name].features)


@pytest.mark.django_db
def test_parts__customers_who_calibrate__have_not_taught():
    population.facts(population.customers(400), each=12)

    parts = training.build_parts(SPECS["churn_90d"], population.AS_OF)

    assert not set(parts.calibrate.customer) & set(parts.train.customer)
    assert parts.tested_at == population.AS_OF - timedelta(days=90)


@pytest.mark.django_db
def test_train__behaviour_at_random__short_of_its_gate_and_no_champion():
    population.facts(population.customers(600), each=8)

    version = training.train(SPECS["churn_90d"], population.AS_OF, trained_by="nightly")

    assert version.status == VersionStatus.SHORT
    assert not version.gate["passed"]
    assert {"question", "importance", "limits"} <= set(version.card)
    assert registry.champion("churn_90d") is None


@pytest.mark.django_db
def test_train__no_history__says_so():
    with pytest.raises(training.CannotTrain, match="history"):
        training.train(SPECS["value_12m"], population.AS_OF)
