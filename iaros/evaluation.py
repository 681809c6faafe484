"""What `manage.py evaluate` can measure on somebody's own table: one entry of `EVALUATIONS` each.

An entry declares its options, runs, and names the failures that are the caller's to mend (exit code 2).
"""

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from segmentation.ml import labels, propensity, splits, tables


@dataclass(frozen=True)
class Evaluation:
    """One thing to measure. `run` gets the parsed options and returns the report."""

    title: str
    add_options: Callable[[ArgumentParser], None]
    run: Callable[[dict[str, Any]], dict[str, Any]]
    refusals: tuple[type[Exception], ...]


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
        drop=[name.strip() for name in options["drop"].split(",") if name.strip()],
        positive=options["positive"],
    )
    return propensity.evaluate(request).to_json()


EVALUATIONS: dict[str, Evaluation] = {
    "propensity": Evaluation(
        title="how well our propensity models tell a yes/no label on a table of yours",
        add_options=_propensity_options,
        run=_propensity,
        refusals=(tables.UnreadableTable, labels.UnusableLabel, splits.CannotSplit, propensity.Unusable),
    ),
}
