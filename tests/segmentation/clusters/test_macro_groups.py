"""The upper level: as many macro groups as other halves of the rows draw alike, and held to what those draw."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segmentation.segments.clusters import macro_groups, trial
from segmentation.segments.clusters.macro_groups import joins


def test_joins__a_handful_far_away__does_not_shape_how_the_many_are_joined() -> None:
    means = np.array([[0.0], [1.0], [10.0], [11.0], [30.0]])
    sizes = np.array([500.0, 500.0, 400.0, 400.0, 1.0])

    found, lost = joins(means, sizes)

    assert found[2].tolist() == [0, 0, 1, 1, 1]
    assert found[5].tolist() == [0, 1, 2, 3, 4]
    assert found[1].tolist() == [0] * 5
    assert lost[2] > 10 * lost[3]


def heaps(families: int, each: int, seed: int = 3) -> pd.DataFrame:
    """People around `families` far places, in each of which `each` smaller heaps lie."""
    rng = np.random.default_rng(seed)
    far = np.eye(4)[:families] * 60
    near = np.repeat(far, each, axis=0) + rng.normal(size=(families * each, 4)) * 6
    rows = np.repeat(near, 200, axis=0) + rng.normal(size=(families * each * 200, 4))
    return pd.DataFrame(rows, columns=list("abcd"))


def test_divide__heaps_in_families__the_families_are_the_macro_groups_and_hold() -> None:
    found = trial.divide(heaps(4, 4))

    assert found.report.macro_groups == len(found.macros) == 4
    assert min(macro.stability for macro in found.macros) > 0.95


def test_divide__heaps_without_families__no_macro_group_is_told_that_other_halves_do_not_draw() -> None:
    """Groups on a ring: where it is cut into arcs is chance, though the groups themselves are found each time."""
    angle = np.linspace(0, 2 * np.pi, 13)[:-1]
    rng = np.random.default_rng(5)
    middles = np.column_stack([np.cos(angle), np.sin(angle)]) * 30
    rows = np.repeat(middles, 200, axis=0) + rng.normal(size=(2_400, 2))

    found = trial.divide(pd.DataFrame(rows, columns=["x", "y"]))

    drawn_alike = [macro.stability for macro in found.macros]
    assert found.report.groups_found == 12
    assert found.report.macro_groups == 1 or min(drawn_alike) >= macro_groups.NEARLY
