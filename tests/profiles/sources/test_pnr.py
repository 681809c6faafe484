"""Bookings that are checked some at once are what they are one by one; what is wrong is named all the same."""

from __future__ import annotations

import json
from copy import deepcopy

import numpy as np
import pytest

from profiles.sources import pnr
from profiles.sources.contract import Lines
from profiles.sources.json_columns import Faulty
from profiles.sources.pnr_columns import together
from tests import world as people

ANN = people.passenger(1, "ANN", "EK", loyalty_number="NV1")
BO = people.passenger(2, "BO", "EK", birth_date="1984-05-17")
TRIP = people.booking("TRIP01", [ANN, BO])


def changed(path, value):
    """The trip with another value at the path; without the member where the value is ..."""
    document = deepcopy(TRIP)
    *around, name = path
    inner = document
    [inner := inner[step] for step in around]
    inner.update({name: value}) if value is not ... else inner.pop(name)
    return document


FAULTS = [
    (("locator",), " ", "locator"),
    (("locator",), "X" * 9, "locator"),
    (("created_at",), "2026-07-02", "created_at"),
    (("channel",), [], "channel"),
    (("agency",), "NV", "agency"),
    (("total_minor",), True, "total_minor"),
    (("segments",), [], "segments"),
    (("segments",), {}, "segments"),
    (("segments", 0, "origin"), "QQQ", "segments[0].origin"),
    (("segments", 0, "departs_at"), "1800-01-01T00:00:00Z", "segments[0].departs_at"),
    (("segments", 0, "carrier"), 7, "segments[0].carrier"),
    (("passengers", 1, "number"), 1, "passengers"),
    (("passengers", 1, "birth_date"), "1984-02-30", "passengers[1].birth_date"),
    (("passengers", 1, "given_name"), "A\0B", "passengers[1].given_name"),
    (("tickets", 0, "passenger"), 9, "tickets[0].passenger"),
    (("tickets", 0, "coupons"), "none", "coupons"),
    (("tickets", 0, "coupons", 0, "fare_minor"), -1, "tickets[0].coupons[0].fare_minor"),
]  # fmt: skip


def test_bookings_together__are_what_they_are_one_by_one():
    told = [TRIP, changed(("agency",), None), changed(("contacts",), ...), changed(("passengers", 0, "title"), " ")]

    assert together(told) == [pnr.one_by_one(document) for document in told]


@pytest.mark.parametrize(("path", "value", "field"), FAULTS)
def test_a_fault__is_named_and_the_bookings_beside_it_go_in(path, value, field):
    told = [TRIP, changed(path, value), people.booking("TRIP02", [ANN])]

    batch = pnr.read(None, Lines([json.dumps(one).encode() for one in told], np.arange(1, 4)))

    with pytest.raises(Faulty):
        together(told)
    assert [(reject.line, reject.field) for reject in batch.rejects] == [(1, field)]
    assert batch.facts["bookings"]["line"] == [0, 2]
