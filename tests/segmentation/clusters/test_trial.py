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


def test_many_groups__shallow_tree__still_tells_them_apart(tmp_path) -> None:
    report = evaluated(tmp_path, known_groups.table(Kind(rows=6_000, groups=40, informative=8, apart=6.0)))

    assert report.clusters == 40
    assert report.tree_fidelity >= 0.85


def test_rule__two_ways_that_say_the_same_in_the_end__are_one(tmp_path) -> None:
    report = evaluated(tmp_path, known_groups.table(Kind(rows=2_000, groups=6, informative=3, apart=8.0)))

    assert not any(" or " in group.rule for group in report.groups)


def purchases(people: int, seed: int = 1) -> pd.DataFrame:
    """Half of them buy twice a year for little, half ten times for much."""
    rng = np.random.default_rng(seed)
    often = np.repeat(np.arange(people), np.where(np.arange(people) % 2, 10, 2))
    return pd.DataFrame(
        {
            "customer_id": [f"C{who:05d}" for who in often],
            "date": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 360, len(often)), unit="D"),
            "amount": np.where(often % 2, 400, 20) * rng.lognormal(0, 0.1, len(often)),
        }
    )


def test_purchases_of_customers__are_gathered_by_themselves(tmp_path) -> None:
    report = evaluated(tmp_path, purchases(400))

    assert report.gathered_per == "customer_id"
    assert report.rows == 400
    assert "amount mean" in report.columns


def test_purchases_as_rows__stay_purchases(tmp_path) -> None:
    report = evaluated(tmp_path, purchases(400), as_rows=True)

    assert report.gathered_per is None
    assert report.rows == 2_400


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"customer_id": ["a", "b", "c"], "date": ["2026-01-01", "2026-01-02", "2026-01-03"]}),
        pd.DataFrame({"customer_id": ["a", "a", "b"], "miles": ["1", "2", "3"]}),
        pd.DataFrame({"customer_type": ["a", "a", "b"], "date": ["2026-01-01", "2026-01-02", "2026-01-03"]}),
    ],
)
def test_whose__one_row_each_or_no_day_or_a_kind__nobody(frame) -> None:
    assert roll_up.whose(frame) is None


def test_rows_without_two_halves__are_not_split(tmp_path) -> None:
    """One value in a thousand far away: a part of a single row has no scatter to be split by."""
    rng = np.random.default_rng(4)
    far = np.where(np.arange(3_000) % 1_000 == 0, 1e6, 0)
    frame = pd.DataFrame({"a": rng.normal(size=3_000) + far, "b": rng.normal(size=3_000) - far})

    assert evaluated(tmp_path, frame).rows == 3_000


def test_table_of_words_alone__has_groups_too(tmp_path) -> None:
    frame = pd.DataFrame({"cabin": ["economy", "business"] * 200, "channel": ["web", "agency"] * 200})

    report = evaluated(tmp_path, frame)

    assert report.clusters == 2
    assert report.refit_agreement == 1.0
