"""Pages of segments: the grid of fifths, what becomes of a segment, and who may do what."""

from __future__ import annotations

import re

import pytest

from segmentation.features import standing
from segmentation.models import Segment
from segmentation.segments import publishing


@pytest.mark.parametrize(("path", "queries"), [("/segments/rfm/", 8)])
def test_a_page_of_segments__stays_within_its_queries(signed_in, base, path, queries, django_assert_max_num_queries):
    client = signed_in("analyst")

    with django_assert_max_num_queries(queries):
        response = client.get(path)

    assert response.status_code == 200


def _people(page: str) -> int:
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    return sum(int(one.replace(",", "")) for one in re.findall(r"<b>([\d,]+)</b>", body))


@pytest.mark.parametrize("by", ["frequency", "monetary", "both"])
def test_the_grid__holds_everybody_who_is_placed__whichever_way_it_is_cut(signed_in, base, by):
    client = signed_in("analyst")
    placed = sum(Segment.objects.filter(kind="rfm").values_list("size", flat=True))

    whole = _people(client.get(f"/segments/rfm/?by={by}").content.decode())
    sliced = [_people(client.get(f"/segments/rfm/?by={by}&fifth={fifth}").content.decode()) for fifth in range(1, 6)]

    assert placed > 100
    assert whole == placed
    assert sum(sliced) == placed


def test_the_grid__of_values__is_an_estimate_and_says_so(signed_in, base):
    page = signed_in("analyst").get("/segments/rfm/?show=value").content.decode()

    assert "<b>~€" in page
    assert "an estimate from 200 customers" in page


def test_the_file_of_the_grid__has_125_cells(signed_in, base):
    standing.measure(standing.newest_run())

    file = b"".join(signed_in("analyst").get("/segments/rfm/?format=csv").streaming_content).decode().splitlines()

    assert len(file) == 126
    assert file[-1].startswith("555,Champions,")


def test_a_retired_cell__is_told_as_missing_not_as_empty(signed_in, base):
    publishing.retire(Segment.objects.get(slug="rfm-111"))

    assert "1 cell retired: nobody is counted there" in signed_in("analyst").get("/segments/rfm/").content.decode()


def test_the_grid__before_the_first_refresh__says_what_fills_it(signed_in):
    assert "No cell was counted yet" in signed_in("analyst").get("/segments/rfm/").content.decode()
