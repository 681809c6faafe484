"""Who is one person: what links, what never does, and what becomes of bad input."""

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from profiles.identity.matching import cleaning, headers, matching, measures
from profiles.identity.matching.growing import Growing
from profiles.identity.matching.model import MatchModel
from tests.profiles.matching.population import people


@lru_cache
def model_of(count: int) -> MatchModel:
    frame = people(count)
    return matching.learn(cleaning.clean(frame, headers.guess(frame, leave_out=["person"]).columns))


def together(frame: pd.DataFrame) -> tuple[np.ndarray, matching.Prepared]:
    """By the weights that the crowd itself taught."""
    cleaned = cleaning.clean(frame, headers.guess(frame, leave_out=["person"]).columns)
    prepared = matching.prepare(cleaned, model_of(300))
    return matching.in_one_go(prepared).of[prepared.form], prepared


def added(frame: pd.DataFrame, *rows: dict[str, str | None]) -> pd.DataFrame:
    return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True)


@pytest.fixture(scope="module")
def crowd():
    return people(300)


ANN: dict[str, str | None] = {
    "first_name": "Annika", "last_name": "Zetterberg", "dob": "1984-05-17", "street": "storgatan 1", "zip": "222",
    "phone": "+46 70 5551234", "email": "annika@zetterberg.se",
}  # fmt: skip


def test_duplicates__are_found_and_strangers_left_apart(crowd):
    of, _ = together(crowd)

    found = measures.pairwise(of, crowd["person"].to_numpy())
    assert found.precision == 1.0
    assert found.recall > 0.97


@pytest.mark.parametrize(
    ("change", "one_person"),
    [
        ({"first_name": "ANNIKAMRS", "last_name": "ZETTERBERG"}, True),
        ({"first_name": "Zetterberg", "last_name": "Annika"}, True),
        ({"last_name": "Zetterbreg", "dob": "1984-17-05"}, True),
        ({"last_name": "Lund", "email": None}, True),
        ({"first_name": "Oskar", "dob": "2015-11-30"}, False),
        ({"first_name": "Oskar", "last_name": "Falk", "dob": "1961-11-30"}, False),
    ],
)
def test_one_person_or_two(crowd, change, one_person):
    of, _ = together(added(crowd, ANN, {**ANN, **change}))

    assert (of[-1] == of[-2]) is np.bool_(one_person)


def test_the_same_record_a_thousand_times__is_one_person_and_moves_nobody(crowd):
    alone, _ = together(crowd)

    of, _ = together(added(crowd, *[ANN] * 1000))

    assert len(set(of[-1000:])) == 1
    assert measures.adjusted_rand(of[: len(crowd)], alone) > 0.99


@pytest.mark.parametrize(
    "nobody",
    [
        {"first_name": ""},
        {"first_name": "🙂", "last_name": "🙂"},
        {"email": "test@test.com", "dob": "1900-01-01"},
        {"first_name": "anna"},
        {"last_name": "Q" * 200},
    ],
)
def test_rows_that_say_next_to_nothing__are_never_merged(crowd, nobody):
    of, _ = together(added(crowd, *[nobody] * 20))

    assert len(set(of[-20:])) == 20


def test_one_number_on_everybody__stops_being_evidence(crowd):
    poisoned = crowd.assign(loyalty_number="NV1234567")

    of, prepared = together(poisoned)

    assert prepared.shared == {"loyalty_number": 1}
    assert measures.pairwise(of, crowd["person"].to_numpy()).precision == 1.0


def test_all_in_capitals__is_the_same(crowd):
    of, _ = together(crowd.assign(first_name=crowd["first_name"].str.upper(), last_name=crowd["last_name"].str.upper()))

    plain, _ = together(crowd)
    assert measures.adjusted_rand(of, plain) == 1.0


def test_records_in_random_order__end_where_the_batch_does(crowd):
    at_once, prepared = together(crowd)

    grown = matching.one_after_the_other(prepared, batch=50, singles=50, seed=3)

    assert measures.adjusted_rand(grown.of[prepared.form], at_once) > 0.99
    assert grown.kept == 1.0


def test_a_newcomer__leaves_the_ids_of_others_as_they_were(crowd):
    frame = added(crowd, ANN, {**ANN, "phone": None})
    _, prepared = together(frame)
    growing = Growing.over(prepared.scorer, prepared.forms)
    size = len(prepared.forms)
    growing.add(np.arange(size - 1))
    before = growing.of.copy()

    touched = growing.add(np.array([size - 1]))

    assert growing.of[size - 1] == before[size - 2]
    untouched = ~np.isin(before[: size - 1], list(touched))
    assert untouched.sum() > size - 10
    assert (growing.of[: size - 1][untouched] == before[: size - 1][untouched]).all()


def test_of_two_clusters_that_a_newcomer_joins__the_oldest_id_survives(crowd):
    a = {**ANN, "email": None, "phone": None, "street": None}
    b = {**ANN, "last_name": None, "first_name": None, "dob": None, "zip": None}
    _, prepared = together(added(crowd, a, b, ANN))
    growing = Growing.over(prepared.scorer, prepared.forms)
    size = len(prepared.forms)
    growing.add(np.arange(size - 1))
    apart = growing.of[size - 3 : size - 1].copy()

    growing.add(np.array([size - 1]))

    assert apart[0] != apart[1]
    assert growing.of[size - 1] == apart[0]
