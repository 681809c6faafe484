"""No row that judges may be older than one that taught."""

import numpy as np
import pytest

from segmentation.ml import splits


def test_time_split__shuffled_days__train_before_calibrate_before_test():
    day = np.random.default_rng(3).integers(0, 400, 5_000).astype(float)

    split = splits.by_time(day, test_fraction=0.25, seed=1)

    assert day[split.train].max() <= day[split.calibrate].min()
    assert day[split.calibrate].max() < day[split.test].min()
    assert 0.2 < len(split.test) / len(day) < 0.3


def test_time_split__rows_of_one_moment__are_judged_together():
    year = np.repeat([2015.0, 2016.0, 2017.0], [300, 400, 300])

    split = splits.by_time(year, test_fraction=0.25, seed=1)

    assert set(year[split.test]) == {2017.0}
    assert 2017.0 not in year[split.train]


def test_time_split__every_row_at_the_same_time__refused():
    with pytest.raises(splits.CannotSplit):
        splits.by_time(np.zeros(100), test_fraction=0.25, seed=1)


def test_stratified_split__keeps_the_base_rate_and_parts_apart():
    outcome = (np.arange(1_000) % 10 == 0).astype(int)

    train, test = splits.stratified(outcome, test_fraction=0.25, seed=4)

    assert not set(train) & set(test)
    assert outcome[test].mean() == pytest.approx(0.1)
