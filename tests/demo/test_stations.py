"""What airports, ticketing and operations tell of the demo world is read without a fault, and the truth knows whom."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from iaros.demo.feeds import stations
from iaros.demo.world import build
from iaros.demo.write import write
from profiles.sources import reading
from profiles.sources.catalogue import CONNECTORS, recognise


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write(build(700), tmp_path_factory.mktemp("stations"))


@pytest.mark.parametrize("source", stations.FILES)
def test_file__is_recognised_and_read_without_a_fault(files: dict[str, Path], source: str) -> None:
    connector, path = CONNECTORS[source], files[source]
    header = reading.header_of(path, connector)
    chunks = list(reading.chunks(path, connector, header))
    batches = [connector.read(header, chunk.lines) for chunk in chunks]

    found = recognise(reading.sample(path))

    assert found is not None
    assert found.name == source
    assert sum(len(batch.native_key) for batch in batches) > 0
    assert [reject for batch in batches for reject in batch.rejects] == []
    assert [fault for chunk in chunks for fault in chunk.unreadable] == []


@pytest.mark.parametrize("source", [s for s in stations.FILES if CONNECTORS[s].about_people])
def test_mention__of_somebody__is_in_the_truth(files: dict[str, Path], source: str) -> None:
    connector, path = CONNECTORS[source], files[source]
    header = reading.header_of(path, connector)
    table = pq.read_table(files["pnr"].parent / "truth" / "mentions.parquet", filters=[("source", "=", source)])
    known = set(table["native_key"].to_pylist())

    told = {
        key
        for chunk in reading.chunks(path, connector, header)
        for key in connector.read(header, chunk.lines).native_key
        if not key.endswith("/NIL")
    }

    assert told <= known
