"""`evaluate segments`: the groups that are there are found, and where none are it says so."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.conf import settings
from django.core.management import call_command

from iaros.lib.commands import Refused
from segmentation.ml import tables
from segmentation.segments.clusters import roll_up, stability, trial
from segmentation.segments.clusters.trial import ClusterRequest
from tests.segmentation import known_groups
from tests.segmentation.known_groups import Kind

PUBLIC = Path(settings.BASE_DIR).parent / "shared/data"


def written(folder: Path, frame: pd.DataFrame) -> Path:
    path = folder / "table.parquet"
    frame.to_parquet(path)
    return path


def evaluated(folder: Path, frame: pd.DataFrame, **request) -> trial.ClusterReport:
    return trial.evaluate(ClusterRequest([written(folder, frame)], **request))


@pytest.mark.parametrize(
    "kind",
    [
        Kind(rows=2_400, groups=24, informative=5, noise=4, words=2),
        Kind(rows=3_000, groups=24, informative=4, correlated=True, uneven=True, scaled=True),
        Kind(rows=2_400, groups=24, informative=6, logged=True, scaled=True),
    ],
    ids=["noise and words", "correlated, uneven", "long tails"],
)
def test_known_groups__are_found_and_refits_agree(kind, tmp_path) -> None:
    report = evaluated(tmp_path, known_groups.table(kind), truth="truth")

    assert report.ari >= 0.95
    assert report.refit_agreement >= 0.95
    assert abs(report.confidence - report.refit_agreement) <= 0.02
    assert 22 <= report.clusters <= 26
    assert not [name for name in report.columns if name.startswith("noise")]


def test_known_groups__ninety_six_of_five_thousand_rows__are_found(tmp_path) -> None:
    report = evaluated(tmp_path, known_groups.table(known_groups.KINDS["few rows"]), truth="truth")

    assert report.clusters == 96
    assert report.ari >= 0.95


def test_truth__is_not_learnt_from(tmp_path) -> None:
    frame = known_groups.table(Kind(rows=1_200, groups=6, informative=4))
    shuffled = frame.assign(truth=np.random.default_rng(3).permutation(frame["truth"]))

    report = evaluated(tmp_path, shuffled, truth="truth")

    assert abs(report.ari) < 0.05
    assert "truth" not in report.columns


def test_group__has_a_name_of_its_own_and_a_rule_that_tells_it(tmp_path) -> None:
    report = evaluated(tmp_path, known_groups.table(Kind(rows=2_000, groups=6, informative=3, apart=8.0)))

    assert len({group.name for group in report.groups}) == len(report.groups) == 6
    assert all(group.rule and group.stability >= 0.8 for group in report.groups)
    assert report.tree_fidelity >= 0.9


def test_no_groups__are_not_invented(tmp_path) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(2_000, 4)), columns=list("abcd"))

    report = evaluated(tmp_path, frame)

    assert report.clusters <= 3
    assert report.warnings


@pytest.mark.parametrize(
    ("request_", "why"),
    [({"truth": "tribe"}, "no column 'tribe'"), ({"columns": ["nothing"]}, "no column 'nothing'")],
)
def test_column_that_is_not_there__is_refused(request_, why, tmp_path) -> None:
    with pytest.raises(trial.Unusable, match=why):
        evaluated(tmp_path, known_groups.table(Kind(rows=200, groups=3)), **request_)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (pd.DataFrame({"a": range(50), "b": range(50)}), "50 rows"),
        (pd.DataFrame({"a": [1] * 300, "b": ["x"] * 300}), "no column is left"),
    ],
)
def test_table_without_groups_to_give__is_refused(frame, why, tmp_path) -> None:
    with pytest.raises(trial.Unusable, match=why):
        evaluated(tmp_path, frame)


def test_command__prints_one_document(tmp_path, capfdbinary) -> None:
    path = written(tmp_path, known_groups.table(Kind(rows=600, groups=4, informative=3, apart=8.0)))

    call_command("evaluate", "segments", str(path), "--truth", "truth", "--json", stdout=StringIO())

    document = json.loads(capfdbinary.readouterr().out)
    assert document["clusters"] == 4
    assert {"silhouette", "refit_agreement", "confidence", "tree_fidelity", "ari", "groups"} <= set(document)


def test_command__refusal__is_a_refusal(tmp_path) -> None:
    with pytest.raises(Refused, match="no such file"):
        call_command("evaluate", "segments", str(tmp_path / "gone.csv"))


def test_roll_up__three_purchases_of_two_people__one_row_each() -> None:
    rows = pd.DataFrame(
        {"who": ["a", "a", "b"], "day": ["20260101", "20260111", "20260121"], "spent": ["10", "20.5", "3"]}
    )

    people = roll_up.per_person(rows, "who")

    assert people["events"].tolist() == [2, 1]
    assert people["day days since first"].tolist() == [20, 0]
    assert people["day days since last"].tolist() == [10, 0]
    assert people["spent sum"].tolist() == [30.5, 3.0]


def test_tables__fields_parted_by_spaces__are_read(tmp_path) -> None:
    path = tmp_path / "aligned.txt"
    path.write_text(" who  day spent\r\n 001 19970101  5.5\r\n 002 19970102 10.0\r\n 003 bad\r\n", encoding="utf-8")

    table = tables.read([path])

    assert table.rows.to_dict("list") == {
        "who": ["001", "002"],
        "day": ["19970101", "19970102"],
        "spent": ["5.5", "10.0"],
    }
    assert table.malformed == 1


def test_joined__two_groups_confused__become_one_and_the_third_stays() -> None:
    confusion = np.array([[80.0, 20, 0], [20, 80, 0], [0, 0, 100]])

    assert stability.joined(confusion, 0.15).tolist() == [0, 0, 1]
    assert stability.joined(confusion, 0.25).tolist() == [0, 1, 2]


@pytest.mark.public_data
def test_east_west_airlines__few_groups_that_refits_draw_alike() -> None:
    path = PUBLIC / "eastwest_airlines" / "EastWestAirlines.csv"
    if not path.exists():
        pytest.skip("public data is not here")

    report = trial.evaluate(ClusterRequest([path]))

    assert 3 <= report.clusters <= 12
    assert report.refit_agreement >= 0.95
    assert abs(report.confidence - report.refit_agreement) <= 0.02
