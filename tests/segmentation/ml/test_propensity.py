"""`evaluate propensity`: labels, leaks, refusals, and figures that hold."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.conf import settings
from django.core.management import call_command

from iaros.lib.commands import Refused
from segmentation.ml import labels, leaks, propensity
from segmentation.ml.propensity import PropensityRequest

PUBLIC = Path(settings.BASE_DIR).parent / "shared/data"


def public(name: str) -> Path:
    path = PUBLIC / name
    if not path.exists():
        pytest.skip(f"public data {name} is not here")
    return path


def bookings(rows: int = 2_000, seed: int = 1) -> pd.DataFrame:
    """Bookings whose cancellation follows lead time and channel, and a number drawn to no purpose."""
    rng = np.random.default_rng(seed)
    lead, channel = rng.integers(0, 200, rows), rng.choice(["web", "agency", ""], rows)
    odds = (lead - 100) / 40 + (channel == "agency") * 1.5
    return pd.DataFrame(
        {
            "lead": lead,
            "channel": channel,
            "noise": rng.normal(size=rows),
            "made": pd.date_range("2024-01-01", periods=rows, freq="6h").strftime("%Y-%m-%d %H:%M"),
            "cancelled": np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "Yes", "no"),
        }
    )


@pytest.fixture
def table(tmp_path):
    def write(frame: pd.DataFrame) -> Path:
        path = tmp_path / "table.csv"
        frame.to_csv(path, index=False)
        return path

    return write


@pytest.mark.parametrize(
    ("written", "meant", "positive"),
    [
        (["Yes", "no ", "YES", ""], [1, 0, 1], "yes"),
        (["TRUE", "False", "true", "NA"], [1, 0, 1], "true"),
        (["1", "0.0", "1.0", None], [1, 0, 1], "1"),
        (["1", "2", "2", ""], [0, 1, 1], "2"),
        (["stay", "churn", "stay", ""], [0, 1, 0], "churn"),
    ],
)
def test_label__as_people_write_it(written, meant, positive):
    label = labels.read_label(pd.Series(written, name="label"))

    assert list(label.outcome) == meant
    assert list(label.known) == [True, True, True, False]
    assert label.positive == positive


@pytest.mark.parametrize("written", [["1", "1"], ["", "NA"], ["a", "b", "c"], ["yes", "yes"]])
def test_label__nothing_to_tell_apart_or_too_much__refused(written):
    with pytest.raises(labels.UnusableLabel):
        labels.read_label(pd.Series(written, name="label"))


def test_leaks__columns_known_only_afterwards__named_and_others_not():
    frame = bookings()
    gone = (frame["cancelled"] == "Yes").to_numpy()
    rng = np.random.default_rng(2)
    frame["status"] = np.where(gone, rng.choice(["cancelled", "no-show"], len(gone)), "flown")
    frame["cancelled_on"] = np.where(gone, "2024-05-01", "")
    frame["reason"] = [f"reason {n}" if one else "" for n, one in enumerate(gone)]
    frame["between"] = np.where(gone, rng.uniform(-1, 1, len(gone)), rng.choice([-2.0, 2.0], len(gone)))
    frame["id"] = [f"B{n:06d}" for n in rng.permutation(len(gone))]

    found = leaks.find_leaks(frame.drop(columns=["cancelled"]), gone.astype(int))

    assert set(found) == {"status", "cancelled_on", "reason", "between"}


def test_evaluate__leaking_column__named_and_not_learnt_from(table):
    frame = bookings()
    frame["refunded"] = (frame["cancelled"] == "Yes").astype(int)

    report = propensity.evaluate(PropensityRequest([table(frame)], "cancelled"))

    assert report.leaks == report.dropped_leaks == ["refunded"]
    assert report.roc_auc < 0.97
    assert "refunded" not in report.most_telling


def test_evaluate__random_split__calibrated_and_promise_kept(table):
    report = propensity.evaluate(PropensityRequest([table(bookings(6_000))], "Cancelled"))

    assert report.roc_auc > 0.8
    assert report.ece < 0.04
    assert 0.87 <= report.coverage_90 <= 0.93


def test_evaluate__time_split__judged_on_the_latest_rows(table):
    report = propensity.evaluate(PropensityRequest([table(bookings(3_000))], "cancelled", time="made"))

    assert report.split == "time"
    assert (report.rows_train, report.rows_calibrate, report.rows_test) == (1_800, 450, 750)
    assert report.roc_auc > 0.8


def test_evaluate__same_seed__same_figures(table):
    request = PropensityRequest([table(bookings(800))], "cancelled", seed=3)

    first, second = (propensity.evaluate(request).to_json() for _ in range(2))

    assert first | {"train_seconds": 0} == second | {"train_seconds": 0}


def test_evaluate__rows_without_label__left_out_and_counted(table):
    frame = bookings(500)
    frame.loc[:19, "cancelled"] = " "

    report = propensity.evaluate(PropensityRequest([table(frame)], "cancelled"))

    assert (report.rows, report.rows_without_label) == (480, 20)


@pytest.mark.parametrize(
    "change",
    [
        {"label": "nowhere"},
        {"drop": ["nowhere"]},
        {"drop": ["lead", "channel", "noise", "made"]},
        {"time": "channel"},
        {"test_fraction": 0.9},
        {"positive": "perhaps"},
    ],
)
def test_evaluate__request_that_cannot_be_met__refused(table, change):
    request = {"paths": [table(bookings(300))], "label": "cancelled"} | change

    with pytest.raises((propensity.Unusable, labels.UnusableLabel)):
        propensity.evaluate(PropensityRequest(**request))


def test_evaluate__too_few_rows_of_one_answer__refused(table):
    frame = bookings(200)
    frame["cancelled"] = ["yes"] * 3 + ["no"] * 197

    with pytest.raises(propensity.Unusable, match="3 rows of the rarer answer"):
        propensity.evaluate(PropensityRequest([table(frame)], "cancelled"))


def test_command__missing_file__refused_with_exit_code_two():
    with pytest.raises(Refused, match="no such file") as refused:
        call_command("evaluate", "propensity", "nowhere.csv", "--label", "cancelled", stdout=StringIO())

    assert refused.value.returncode == 2


def test_command__json__one_document_with_the_promised_keys(table, capfdbinary):
    call_command("evaluate", "propensity", str(table(bookings(400))), "--label", "cancelled", "--json")

    report = json.loads(capfdbinary.readouterr().out)
    assert {
        *("rows", "base_rate", "roc_auc", "pr_auc", "brier", "ece", "lift_top_decile"),
        *("coverage_90", "train_seconds", "leaks"),
    } <= set(report)


@pytest.mark.public_data
@pytest.mark.parametrize("seed", [1, 2])
def test_online_shoppers__purchase__auc_and_calibration_as_shown(seed):
    path = public("online_shoppers/online_shoppers_intention.csv")

    report = propensity.evaluate(PropensityRequest([path], "Revenue", seed=seed))

    assert report.roc_auc >= 0.91
    assert report.ece <= 0.025
    assert 0.87 <= report.coverage_90 <= 0.93


@pytest.mark.public_data
def test_hotel_bookings__cancellation__leak_is_reservation_status():
    path = public("hotel_bookings/hotel_bookings.csv.gz")
    examples = propensity.read_examples(PropensityRequest([path], "is_canceled"))

    assert list(leaks.find_leaks(examples.rows, examples.outcome)) == ["reservation_status"]
