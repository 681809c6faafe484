"""`evaluate identity`: the report, the ways to say the truth, refusals, and figures that hold on public data."""

import gzip
import json
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from django.conf import settings
from django.core.management import call_command

from iaros.lib.commands import Refused
from profiles.identity.matching import evaluation
from profiles.identity.matching.evaluation import IdentityRequest
from tests.profiles.matching.population import people

PUBLIC = Path(settings.BASE_DIR).parent / "shared/data"


def public(name: str) -> Path:
    path = PUBLIC / name
    if not path.exists():
        pytest.skip(f"public data {name} is not here")
    return path


def report(capfdbinary, *arguments: object) -> dict:
    call_command("evaluate", "identity", *map(str, arguments), "--json")
    return json.loads(capfdbinary.readouterr().out)


@pytest.fixture
def crowd():
    frame = people(200)
    frame.insert(0, "id", [f"rec-{person}-{at}" for at, person in enumerate(frame["person"])])
    return frame.drop(columns="person")


def test_report__says_how_well_and_by_which_columns(crowd, tmp_path, capfdbinary):
    half = len(crowd) // 2
    crowd.head(half).to_csv(tmp_path / "a.csv", index=False)
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write(", ".join(f" {name} " for name in crowd.columns) + "\n")
        crowd.tail(len(crowd) - half).to_csv(file, index=False, header=False)

    said = report(
        capfdbinary, tmp_path / "a.csv", tmp_path / "b.csv.gz", "--truth", "id", "--truth-regex", r"rec-(\d+)"
    )

    assert said["precision"] == 1.0
    assert said["recall"] > 0.95
    assert said["f1"] == pytest.approx(2 * said["recall"] / (1 + said["recall"]), abs=1e-5)
    assert 0.95 < said["b_cubed"]["f1"] <= 1.0
    assert 200 <= said["clusters"] < 210
    assert said["records_per_second"] > 0
    assert said["threshold"] >= 0
    assert said["columns"]["surname"] == ["last_name"]


def test_truth__is_no_evidence():
    frame = people(200)
    told = evaluation.evaluate(IdentityRequest(frame, truth="person"))
    lied = evaluation.evaluate(IdentityRequest(frame.assign(person=0), truth="person"))

    assert told["threshold"] == lied["threshold"]
    assert told["clusters"] == lied["clusters"]
    assert lied["precision"] == 1.0
    assert lied["recall"] < 0.1


def test_labelled_pairs__judge_what_they_name(crowd):
    ids = crowd["id"].tolist()
    pairs = pd.DataFrame({"l": [ids[0], ids[0]], "r": [ids[1], ids[2]], "match_score": ["0.0", "0.1"]})

    said = evaluation.evaluate(IdentityRequest(crowd, pairs=pairs))

    assert said["judged_on"] == "2 labelled pairs"
    assert said["precision"] == 1.0


def test_incremental__says_how_far_it_is_from_the_batch(crowd):
    said = evaluation.evaluate(IdentityRequest(crowd, truth="id", truth_regex=r"rec-(\d+)", incremental=True))

    assert said["incremental"]["agreement_with_batch"] > 0.99
    assert said["incremental"]["untouched_ids_kept"] == 1.0
    assert said["batch"]["f1"] > 0.97
    assert said["f1"] > 0.97


def test_a_mapping_file__in_json_or_yaml(tmp_path):
    (tmp_path / "m.json").write_text('{"surname": "x"}')
    (tmp_path / "m.yaml").write_text("surname: x\nbirth_date: [y, m, d]\n")

    assert evaluation.read_mapping(tmp_path / "m.json") == {"surname": "x"}
    assert evaluation.read_mapping(tmp_path / "m.yaml")["birth_date"] == ["y", "m", "d"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--truth", "nowhere"),
        ("--mapping", "nothing.json"),
        ("--drop", "nowhere"),
        ("--truth", "id", "--truth-regex", "("),
    ],
)
def test_what_cannot_be_done__is_refused_with_the_reason(crowd, tmp_path, arguments):
    crowd.to_csv(tmp_path / "a.csv", index=False)

    with pytest.raises(Refused):
        call_command("evaluate", "identity", str(tmp_path / "a.csv"), *arguments, stdout=StringIO())


def test_a_table_of_nothing_known__is_refused(tmp_path):
    pd.DataFrame({"a": [1, 2], "b": [3, 4]}).to_csv(tmp_path / "a.csv", index=False)

    with pytest.raises(Refused, match="no column was recognised"):
        call_command("evaluate", "identity", str(tmp_path / "a.csv"), stdout=StringIO())


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("name", "arguments", "least"),
    [
        ("febrl/dataset1.csv", ("--truth", "rec_id", "--truth-regex", r"rec-(\d+)"), 0.998),
        ("febrl/dataset1.csv", ("--truth", "rec_id", "--truth-regex", r"rec-(\d+)", "--drop", "soc_sec_id"), 0.99),
        ("splink/fake_1000.csv", ("--truth", "cluster"), 0.94),
    ],
)
def test_figures__on_public_data(name, arguments, least, capfdbinary):
    said = report(capfdbinary, public(name), *arguments)

    assert said["f1"] >= least
    assert said["precision"] >= 0.998
