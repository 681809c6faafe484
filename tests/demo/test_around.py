"""What partners and the world around tell is consistent with the world, and its own feed takes it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from iaros.demo.feeds import around
from iaros.demo.world import build
from iaros.demo.write import write
from profiles.sources import reading
from profiles.sources.catalogue import CONNECTORS, recognise

ON_THE_WAY = ("lounge_visits", "wifi_sessions", "onboard_sales", "partner_stays")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write(build(1_500), tmp_path_factory.mktemp("demo"))


@pytest.mark.parametrize("source", [*ON_THE_WAY, *around.WRITERS])
def test_file__is_recognised_and_read_but_for_what_was_spoilt(files, source):
    path, connector = files[source], CONNECTORS[source]
    header = reading.header_of(path, connector)
    read = [connector.read(header, chunk.lines) for chunk in reading.chunks(path, connector, header)]

    assert recognise(reading.sample(path)) is connector
    rows, rejects = sum(len(b.line) for b in read), sum(len({r.line for r in b.rejects}) for b in read)
    assert rows > 20
    assert rejects <= max(1, 0.01 * rows)


@pytest.mark.parametrize("source", ON_THE_WAY)
def test_travellers__are_known_to_the_loyalty_programme_or_a_booking(files, source):
    members = {row["Loyalty Number"] for row in csv.DictReader(files["loyalty_members"].open(encoding="utf-8"))}
    rows = list(csv.DictReader(files[source].open(encoding="utf-8")))

    numbers = {row["Loyalty Number"] for row in rows if row["Loyalty Number"]}
    assert numbers <= members
    assert all(row["Loyalty Number"] or row["Locator"] for row in rows)


def test_same_seed__same_bytes(files, tmp_path):
    again = write(build(1_500), tmp_path)

    assert {s: again[s].read_bytes() for s in around.WRITERS} == {s: files[s].read_bytes() for s in around.WRITERS}
