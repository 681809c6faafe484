"""The arithmetic of ranking, without a database."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommendations.candidates.contract import History
from recommendations.candidates.popularity import Popularity
from recommendations.catalogue.items import Catalogue, traits_of, unit_rows
from recommendations.eligibility import rules
from recommendations.models import ItemKind
from recommendations.ranking import blend, metrics, packing, reasons
from recommendations.ranking.packing import Reason

CODES = ("AAR-LIS", "CPH-LIS", "CPH-OPO")


def test_standardised__ineligible_items_do_not_move_the_mean():
    scores = np.array([[1.0, 3.0, 1000.0]], dtype=np.float32)

    standard = blend.standardised(scores, np.array([[True, True, False]]))

    assert standard.tolist() == [[-1.0, 1.0, 0.0]]


def test_quality__the_only_purchase_stands_second__is_discounted_by_rank():
    scores = np.array([[3.0, 2.0, 1.0]])

    found = metrics.quality(scores, csr_matrix([[0, 1, 0]]), k=2)

    assert found.ndcg == pytest.approx(1 / np.log2(3))
    assert (found.hit_rate, found.precision) == (1.0, 0.5)


def test_quality__who_bought_nothing__is_left_out():
    found = metrics.quality(np.ones((2, 3)), csr_matrix([[1, 0, 0], [0, 0, 0]]), k=3)

    assert found.travellers == 1


def test_routes__only_operated_ones_from_home_are_offered():
    catalogue = _catalogue(operated=[True, True, False])

    offered = rules.routes_from_home(catalogue, np.array(["CPH", "AAR"]), np.zeros((2, 3), dtype=bool))

    assert offered.tolist() == [[False, True, False], [True, False, False]]


def test_routes__home_is_no_airport_of_ours__the_hub_is_offered(settings):
    settings.AIRLINE_HUB = "CPH"

    offered = rules.routes_from_home(_catalogue(), np.array([""]), np.zeros((1, 3), dtype=bool))

    assert offered.tolist() == [[False, True, True]]


def test_routes__booked_from_elsewhere_before__that_origin_is_offered_too():
    bought = np.array([[True, False, False]])

    offered = rules.routes_from_home(_catalogue(), np.array(["CPH"]), bought)

    assert offered.tolist() == [[True, True, True]]


def test_ancillaries__already_on_the_next_trip__are_not_offered():
    catalogue = Catalogue(ItemKind.ANCILLARY, ("extra_bag", "seat"), np.array([True, True]), np.eye(2, dtype="f4"))

    offered = rules.ancillaries_not_on_trip(catalogue, np.array([[True, False]]))

    assert offered.tolist() == [[False, True]]


def test_popularity__home_not_known__takes_the_overall_shares():
    popularity = Popularity(np.array([[90, 10], [0, 100]], dtype=np.float32))

    scores = popularity.scores(History(csr_matrix((2, 2), dtype=np.float32), np.array([0, -1])))

    assert scores[0, 0] > scores[0, 1]
    assert scores[1, 1] > scores[1, 0]


def test_traits__two_beaches_in_one_country_are_more_alike_than_a_beach_and_a_city():
    words = [traits_of(ItemKind.ROUTE, code, "S") for code in ("CPH-AGP", "CPH-PMI", "CPH-LHR")]

    rows = unit_rows(words)

    assert rows[0] @ rows[1] > rows[0] @ rows[2]


def test_packing__there_and_back():
    ranked = packing.empty(1)
    ranked[0, 0] = (7, 0.5, 1, Reason.OTHERS_ALSO, 3, 412)

    found = packing.unpacked(packing.packed(ranked)[0])

    assert found.tolist() == [(7, 0.5, 1, 3, 3, 412)]


@pytest.mark.parametrize(
    ("kind", "reason", "evidence", "count", "words"),
    [
        ("route", Reason.BOUGHT_BEFORE, "CPH-LIS", 3, "You booked CPH-LIS 3 times."),
        ("route", Reason.SEARCHED, "CPH-LIS", 1, "You searched CPH-LIS once."),
        ("route", Reason.OTHERS_ALSO, "CPH-OPO", 412, "You booked CPH-OPO; 412 travellers who did also chose CPH-LIS."),
        ("route", Reason.ALIKE, "CPH-OPO", 0, "Like CPH-OPO, which you booked: the same country."),
        ("route", Reason.POPULAR_FROM_HOME, "CPH", 312, "Popular with travellers from CPH: 312 travellers in 90 days."),
        ("route", Reason.POPULAR, "", 2, "Popular with all travellers."),
    ],
)
def test_reasons__in_words__few_travellers_are_not_counted_aloud(kind, reason, evidence, count, words):
    said = reasons.in_words(ItemKind(kind), reason, item="CPH-LIS", evidence=evidence, count=count)

    assert said == words


def _catalogue(operated=(True, True, True)) -> Catalogue:
    return Catalogue(ItemKind.ROUTE, CODES, np.array(operated), np.eye(3, dtype=np.float32))
