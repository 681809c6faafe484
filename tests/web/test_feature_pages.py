"""The catalogue of features: what is found, what is measured when, and who would miss a feature."""

from __future__ import annotations

import pytest

from iaros.lib.models import Job, JobState
from segmentation.features import standing
from segmentation.features.catalogue import FEATURES
from segmentation.features.standing import MOVED
from segmentation.models import FeatureRun
from tests.segmentation.population import AS_OF

PART = {"hx-request": "true"}


@pytest.mark.parametrize(("path", "queries"), [("/features/", 9), ("/features/booking:count_90d/", 13)])
def test_a_page_of_features__stays_within_its_queries(signed_in, settled, path, queries, django_assert_max_num_queries):
    client = signed_in("data_scientist")
    standing.measure(standing.newest_run())

    with django_assert_max_num_queries(queries):
        response = client.get(path)

    assert response.status_code == 200


def test_the_list__before_anything_was_computed__tells_what_is_declared(signed_in):
    FeatureRun.objects.all().delete()

    page = signed_in("analyst").get("/features/").content.decode()

    assert "No feature was computed yet" in page
    assert "ancillary:count_14d" in page


def test_the_list__does_not_wait_for_figures__its_part_does(signed_in, settled):
    client = signed_in("analyst")

    page = client.get("/features/").content.decode()
    part = client.get("/features/", headers=PART).content.decode()
    again = client.get("/features/").content.decode()

    assert "Measuring how the values lie" in page
    assert "Figures of 200 customers" in part
    assert "<h1>" not in part
    assert "Figures of 200 customers" in again


def test_the_list__is_narrowed_by_words_view_use_and_drift(signed_in, settled):
    client = signed_in("analyst")
    standing.measure(standing.newest_run())

    by_words = client.get("/features/?q=winter+sun").content.decode()
    by_view = client.get("/features/?view=rfm&use=used").content.decode()
    moved = client.get("/features/?state=moved&sort=drift").content.decode()

    assert "web:sun_searches_30d" in by_words
    assert "rfm:cell" not in by_words
    assert "rfm:cell" in by_view
    assert "booking:count_90d" not in by_view
    assert "Moved" in moved
    assert 'title="PSI 0.0' not in moved


def test_the_file_of_features__has_them_all_with_their_figures(signed_in, settled):
    standing.measure(standing.newest_run())

    file = b"".join(signed_in("analyst").get("/features/?format=csv").streaming_content).decode().splitlines()

    assert len(file) == 1 + len(FEATURES)
    assert file[0].endswith("known_share,median,drift_psi")
    assert next(line for line in file if line.startswith("rfm:cell,")).endswith(",")


def test_a_feature__shows_its_consumers_and_distribution(signed_in, settled):
    client = signed_in("analyst")

    page = client.get("/features/web:sun_searches_30d/").content.decode()
    part = client.get("/features/web:sun_searches_30d/", headers=PART).content.decode()

    assert "Winter sun searchers" in page
    assert "No model learns from it" not in client.get("/features/booking:count_90d/").content.decode()
    assert 'class="histogram"' in part
    assert "of them as they stood 90 days before" in part


def test_a_feature__without_a_past__says_so_instead_of_a_drift(signed_in, settled):
    part = signed_in("analyst").get("/features/rfm:cell/", headers=PART).content.decode()

    assert "has no past value" in part


def test_parity__names_the_values_of_this_feature_that_differ(signed_in, settled):
    found = {"customers": 50, "values": 60_000, "mismatches": 3, "features": {"web:views_7d": 3}, "mismatch_rate": 5e-5}
    Job.objects.create(kind="feature parity", state=JobState.SUCCEEDED, finished_at=AS_OF, result=found)
    client = signed_in("data_scientist")

    assert "3 values differ" in client.get("/features/web:views_7d/").content.decode()
    assert "No value of this feature differs" in client.get("/features/web:views_30d/").content.decode()


def test_parity__is_told_to_prometheus(client, settled):
    found = {"customers": 50, "values": 60_000, "mismatches": 3, "features": {}, "mismatch_rate": 5e-5}
    Job.objects.create(kind="feature parity", state=JobState.SUCCEEDED, finished_at=AS_OF, result=found)

    told = client.get("/metrics").content.decode()

    assert "iaros_feature_parity_mismatch_rate 5e-05" in told
    assert "iaros_feature_parity_values 60000.0" in told


def test_an_unknown_feature_and_one_of_a_trip__are_not_there(signed_in):
    client = signed_in("analyst")

    assert client.get("/features/booking:nothing/").status_code == 404
    assert client.get("/features/trip:lead_days/").status_code == 404


def test_partners__see_no_features(signed_in):
    assert signed_in("partner").get("/features/").status_code == 403


def test_measured_again__on_the_same_run__is_what_was_kept(settled, db):
    run = standing.newest_run()

    first = standing.measure(run)

    assert standing.measured(run) == first
    assert first.people == 200
    assert first.compared >= 100


def test_drift__of_a_habit_that_stopped__is_told(settled, db):
    found = standing.measure(standing.newest_run()).features

    count = found["booking:count_730d"]
    assert sum(count.now) == 200
    assert found["profile:silent_days"].drift is not None
    assert found["booking:premium_share_730d"].drift < MOVED
