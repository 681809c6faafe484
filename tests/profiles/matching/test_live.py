"""The live path weighs as Splink does, and two workers who meet the same people make them one."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
import pytest
from django.db import connection
from splink import DuckDBAPI, Linker

from profiles import pipeline, probable
from profiles.identity import candidates, forms, search_keys, weighing
from profiles.identity.match_models import InForce
from profiles.identity.matching import blocking, estimation
from profiles.identity.matching.scoring import Scorer, columns_of
from profiles.models import Customer, Profile
from tests import world as people_of
from tests.profiles.matching.population import people


def rows() -> list[dict]:
    frame = people(150)
    return [
        people_of.member(
            f"N{n:06}",
            row.first_name.title(),
            row.last_name.title(),
            Birth_Date=row.dob,
            Email=row.email if isinstance(row.email, str) else "",
            Postal_Code=row.zip,
            Address=row.street,
        )
        for n, row in enumerate(frame.itertuples())
    ]


def test_live_weights__are_those_of_splink(take_in):
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    take_in("loyalty_members", rows())
    customers = sorted(Profile.objects.values_list("id", flat=True))
    keyed = search_keys.of(customers)
    search_keys.write(keyed)
    told = forms.of(customers)
    model = estimation.estimate(told.cleaned, *blocking.candidates(told.cleaned))
    pairs = sorted(candidates.pairs(keyed))

    ours = weighing.weigh(pairs, InForce(1, model, 7.0, -99.0), len(customers))

    api = DuckDBAPI()
    comparisons = Scorer(model, columns_of(told.cleaned)).comparisons
    whole = api.register(told.cleaned.assign(unique_id=np.arange(len(told.cleaned))))
    linker = Linker(whole, estimation.settings(comparisons, model))
    for column in model.frequencies:
        linker.table_management.compute_tf_table(column)
    theirs = linker.inference.predict_within(
        whole, blocking_rules_to_generate_predictions=["1=1"], warning_mode="never"
    ).as_pandas_dataframe()
    said = {
        tuple(sorted(ends)): weight
        for *ends, weight in zip(theirs["unique_id_l"], theirs["unique_id_r"], theirs["match_weight"], strict=True)
    }
    expected = [
        max(said[tuple(sorted((a, b)))] for a in range(*told.spans[one]) for b in range(*told.spans[other]))
        for one, other in pairs
    ]
    assert len(pairs) >= 60
    np.testing.assert_allclose([ours[pair].weight for pair in pairs], expected, atol=1e-6)
    # The waterfall adds up to the weight.
    np.testing.assert_allclose([sum(weight for *_, weight in ours[pair].parts) for pair in pairs], expected, atol=0.01)


@pytest.mark.django_db(transaction=True)
def test_two_workers__same_people_in_both_files__each_is_one_in_the_end(tmp_path: Path) -> None:
    named = [
        people_of.booking(
            f"W{n:03}",
            [
                people_of.passenger(
                    1, f"GIVEN{chr(65 + n)}", f"FAMILY{chr(65 + n)}", birth_date=f"198{n % 10}-03-1{n % 9}"
                )
            ],
            contacts=[people_of.email_of(f"given.family{n}@example.org", passenger=1)],
        )
        for n in range(20)
    ]
    again = [{**booking, "locator": f"V{booking['locator'][1:]}"} for booking in named]
    files = [people_of.json_file(tmp_path / f"{at}.ndjson", each) for at, each in enumerate((named, again))]
    together = threading.Barrier(2)
    failures: list[BaseException] = []

    def work(path: Path) -> None:
        try:
            together.wait()
            pipeline.ingest("pnr", path)
            together.wait()
            probable.match_changed()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(path,)) for path in files]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert failures == []
    assert Customer.objects.living().count() == 20
