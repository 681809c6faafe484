"""Our scorer gives the scores Splink gives, on the same pairs with the same model."""

import logging

import numpy as np
import orjson
import pytest
from splink import DuckDBAPI, Linker

from profiles.identity.matching import blocking, catalogue, cleaning, estimation, headers
from profiles.identity.matching.model import MatchModel, UnknownFormat
from profiles.identity.matching.scoring import Scorer, columns_of
from tests.profiles.matching.population import people


@pytest.fixture(scope="module")
def cleaned():
    frame = people(400)
    frame["address_2"] = frame["street"].shift(7)
    frame.loc[::9, ["first_name", "last_name"]] = frame.loc[::9, ["last_name", "first_name"]].to_numpy()
    frame.loc[::11, "dob"] = None
    return cleaning.clean(frame, headers.guess(frame, leave_out=["person"]).columns)


@pytest.fixture(scope="module")
def model(cleaned):
    return estimation.estimate(cleaned, *blocking.candidates(cleaned))


def test_our_scores__are_those_of_splink(cleaned, model):
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    comparisons = [c for c in catalogue.COMPARISONS if c.name in model.comparisons]
    rows = cleaned.head(250)
    api = DuckDBAPI()
    whole = api.register(cleaned.assign(unique_id=np.arange(len(cleaned))))
    linker = Linker(whole, estimation.settings(comparisons, model))
    for column in model.frequencies:
        linker.table_management.compute_tf_table(column)
    some = api.register(rows.assign(unique_id=np.arange(len(rows))))
    theirs = linker.inference.predict_within(
        some, blocking_rules_to_generate_predictions=["1=1"], warning_mode="never"
    ).as_pandas_dataframe()

    ours = Scorer(model, columns_of(cleaned)).weigh(
        theirs["unique_id_l"].to_numpy(np.int64), theirs["unique_id_r"].to_numpy(np.int64)
    )

    assert len(theirs) == 250 * 249 // 2
    assert set(np.unique(ours.reached["given_name"])) >= {0, 2, 8}
    np.testing.assert_allclose(ours.weight, theirs["match_weight"].to_numpy(), atol=1e-6)


def test_a_model__outlives_its_json(model):
    again = MatchModel.from_json(orjson.loads(orjson.dumps(model.to_json())))

    assert again == model


def test_a_model_of_another_format__is_refused(model):
    with pytest.raises(UnknownFormat):
        MatchModel.from_json({**model.to_json(), "format": 99})
