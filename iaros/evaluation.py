"""What `manage.py evaluate` can measure on somebody's own table: one entry of `EVALUATIONS` each.

An entry declares its options, runs, and names the failures that are the caller's to mend (exit code 2).
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iaros.benchmarks import people, quality
from profiles.identity.matching import evaluation as identity
from profiles.identity.matching import headers
from segmentation.ml import labels, propensity, splits, tables
from segmentation.segments.clusters import trial


@dataclass(frozen=True)
class Evaluation:
    """One thing to measure. `run` gets the parsed options and returns the report."""

    title: str
    add_options: Callable[[ArgumentParser], None]
    run: Callable[[dict[str, Any]], dict[str, Any]]
    refusals: tuple[type[Exception], ...]
    takes_files: bool = True


def _propensity_options(parser: ArgumentParser) -> None:
    parser.add_argument("--label", required=True, metavar="COLUMN", help="the two-valued column to predict")
    parser.add_argument("--positive", metavar="VALUE", help="the label's value that counts as the outcome")
    parser.add_argument("--time", metavar="COLUMN", help="train on the earliest rows, judge on the latest")
    parser.add_argument("--test-fraction", type=float, default=0.25, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drop", default="", metavar="A,B", help="columns to leave out")


def _propensity(options: dict[str, Any]) -> dict[str, Any]:
    request = propensity.PropensityRequest(
        paths=options["files"],
        label=options["label"],
        time=options["time"],
        test_fraction=options["test_fraction"],
        seed=options["seed"],
        drop=_listed(options["drop"]),
        positive=options["positive"],
    )
    return propensity.evaluate(request).to_json()


def _segments_options(parser: ArgumentParser) -> None:
    parser.add_argument("--columns", default="", metavar="A,B", help="learn from these columns only")
    parser.add_argument("--drop", default="", metavar="A,B", help="columns to leave out")
    parser.add_argument("--truth", metavar="COLUMN", help="true groups to compare with; nothing learns from it")
    per = parser.add_mutually_exclusive_group()
    per.add_argument("--per", metavar="COLUMN", help="rows are events of whom this column names; gather them first")
    per.add_argument("--as-rows", action="store_true", help="each row stands for itself, whoever it names")
    parser.add_argument("--seed", type=int, default=1)


def _segments(options: dict[str, Any]) -> dict[str, Any]:
    request = trial.ClusterRequest(
        paths=options["files"],
        columns=_listed(options["columns"]),
        drop=_listed(options["drop"]),
        truth=options["truth"],
        per=options["per"],
        as_rows=options["as_rows"],
        seed=options["seed"],
    )
    return trial.evaluate(request).to_json()


def _quality_options(parser: ArgumentParser) -> None:
    parser.add_argument("--customers", type=int, default=3000, help="size of the demo airline")
    parser.add_argument("--share", type=float, default=0.05, help="share of rows that are spoilt")
    parser.add_argument("--seed", type=int, default=42)


def _quality(options: dict[str, Any]) -> dict[str, Any]:
    def say(text: str) -> None:
        sys.stderr.write(text + "\n")

    return quality.measure(options["customers"], options["seed"], options["share"], say)


def _profiles_options(parser: ArgumentParser) -> None:
    parser.add_argument("--customers", type=int, default=2000, help="people of the demo airline")
    parser.add_argument("--seed", type=int, default=42)


def _profiles(options: dict[str, Any]) -> dict[str, Any]:
    def say(text: str) -> None:
        sys.stderr.write(text + "\n")

    return people.measure(options["customers"], options["seed"], say)


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _identity_options(parser: ArgumentParser) -> None:
    truth = parser.add_mutually_exclusive_group()
    truth.add_argument("--truth", metavar="COLUMN", help="the column that says which records are one person")
    truth.add_argument("--pairs", metavar="FILE", help="labelled pairs of record ids instead")
    parser.add_argument("--truth-regex", metavar="REGEX", help="the part of --truth that names the person")
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="JSON or YAML: our field -> your column")
    parser.add_argument("--drop", default="", metavar="FIELD,...", help="columns or fields not to be used")
    parser.add_argument("--incremental", action="store_true", help="add the records in random order to what is there")
    parser.add_argument("--batch", type=int, default=identity.BATCH, metavar="N", help="records added at a time")
    parser.add_argument("--splink", action="store_true", help="let Splink alone do the same, to compare")
    parser.add_argument("--seed", type=int, default=1)


def _identity(options: dict[str, Any]) -> dict[str, Any]:
    request = identity.IdentityRequest(
        records=tables.read(options["files"]).rows,
        pairs=tables.read([options["pairs"]]).rows if options["pairs"] else None,
        truth=options["truth"],
        truth_regex=options["truth_regex"],
        mapping=identity.read_mapping(options["mapping"]) if options["mapping"] else {},
        drop=_listed(options["drop"]),
        incremental=options["incremental"],
        batch=options["batch"],
        splink=options["splink"],
        seed=options["seed"],
    )
    return identity.evaluate(request)


EVALUATIONS: dict[str, Evaluation] = {
    "quality": Evaluation(
        title="how many faults put into the demo airline's files our rules find",
        add_options=_quality_options,
        run=_quality,
        refusals=(),
        takes_files=False,
    ),
    "profiles": Evaluation(
        title="how well the demo airline's people are told apart, and how often a published field is right",
        add_options=_profiles_options,
        run=_profiles,
        refusals=(),
        takes_files=False,
    ),
    "propensity": Evaluation(
        title="how well our propensity models tell a yes/no label on a table of yours",
        add_options=_propensity_options,
        run=_propensity,
        refusals=(tables.UnreadableTable, labels.UnusableLabel, splits.CannotSplit, propensity.Unusable),
    ),
    "segments": Evaluation(
        title="which groups your people fall into, how far they hold, and what tells them apart",
        add_options=_segments_options,
        run=_segments,
        refusals=(tables.UnreadableTable, trial.Unusable),
    ),
    "identity": Evaluation(
        title="how well records of one person are put together in a table of yours",
        add_options=_identity_options,
        run=_identity,
        refusals=(tables.UnreadableTable, headers.WrongMapping, identity.Unusable),
    ),
}
