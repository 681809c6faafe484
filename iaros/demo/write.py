"""The world as files: what each source system would have sent, and the truth in a folder beside it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
import pyarrow as pa
from pyarrow import csv
from pyarrow import parquet as pq

from iaros.demo import END_AT, fares, truth
from iaros.demo.block import Block
from iaros.demo.feeds import activity, consents, fare_watch, members, pnr, rates, reservations, web
from iaros.demo.world import World

FILES = {
    "exchange_rates": "exchange_rates.csv",
    "loyalty_members": "loyalty_members.csv",
    "loyalty_activity": "loyalty_activity.csv",
    "pnr": "pnr.ndjson",
    "pnrgov": "pnrgov.edi",
    "pnrgov_xml": "pnrgov.xml",
    "amadeus_pnr": "amadeus_pnr.xml",
    "amadeus_orders": "amadeus_orders.ndjson",
    "ndc_orders": "ndc_orders.xml",
    "web_events": "web_events.ndjson",
    "competitor_fares": "fares.csv",
    "consents": "consents.ndjson",
}
_LINES: dict[str, Callable[[Block], list[bytes]]] = {
    "web_events": web.lines,
    "consents": consents.lines,
}
_TRUTHS: dict[str, Callable[[Block], pa.Table]] = {
    "people": truth.people_table,
    "mentions": truth.mentions_table,
    "tastes": truth.tastes_table,
    "trips": truth.trips_table,
}
_FEWEST_FARES, _MOST_FARES = 20_000, 60_000


def write(world: World, folder: Path) -> dict[str, Path]:
    """Write every source file of the world into `folder`, the truth into `folder/truth`; source -> file.

    Existing files are replaced. Memory stays that of one block, whatever the world's size.
    """
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    paths = {source: folder / name for source, name in FILES.items()}
    with ExitStack() as open_files:
        put = open_files.enter_context(_feeds(paths))
        tell = open_files.enter_context(_truths(folder / "truth"))
        for block in world.blocks():
            put(block)
            tell(block)
    _write_csv(paths["exchange_rates"], rates.table())
    wanted = min(_MOST_FARES, max(_FEWEST_FARES, world.size * 2))
    _write_csv(paths["competitor_fares"], fare_watch.table(world.scene, wanted))
    (folder / "truth" / "world.json").write_bytes(orjson.dumps(_description(world), option=orjson.OPT_INDENT_2))
    return paths


@contextmanager
def _feeds(paths: dict[str, Path]) -> Iterator[Callable[[Block], None]]:
    with ExitStack() as files:
        texts = {source: files.enter_context(paths[source].open("wb")) for source in _LINES}
        tell_bookings = files.enter_context(_bookings(paths))
        member_file = files.enter_context(_csv(paths["loyalty_members"], members.SCHEMA))
        activity_file = files.enter_context(_csv(paths["loyalty_activity"], activity.SCHEMA))
        sent_again: list[pa.Table] = []

        def put(block: Block) -> None:
            tell_bookings(block)
            for source, lines in _LINES.items():
                texts[source].writelines(line + b"\n" for line in lines(block))
            rows, again = members.tables(block)
            member_file.write_table(rows)
            sent_again.append(again)
            activity_file.write_table(activity.table(block))

        yield put
        for again in sent_again:
            member_file.write_table(again)


@contextmanager
def _bookings(paths: dict[str, Path]) -> Iterator[Callable[[Block], None]]:
    """The reservation systems' files; some formats have a head before the first record and a tail after the last."""
    with ExitStack() as files:
        texts = {source: files.enter_context(paths[source].open("wb")) for source in ("pnr", *reservations.WRITERS)}
        counts = dict.fromkeys(texts, 0)
        for source, head in reservations.HEAD.items():
            texts[source].write(head.encode())

        def put(block: Block) -> None:
            for source, records in pnr.files(block).items():
                texts[source].writelines(record + b"\n" if source == "pnr" else record for record in records)
                counts[source] += len(records)

        yield put
        for source, tail in reservations.TAIL.items():
            texts[source].write(tail.format(count=counts[source]).encode())


@contextmanager
def _truths(folder: Path) -> Iterator[Callable[[Block], None]]:
    with ExitStack() as files:
        writers: dict[str, pq.ParquetWriter] = {}

        def tell(block: Block) -> None:
            for name, table_of in _TRUTHS.items():
                rows = table_of(block)
                if name not in writers:
                    writers[name] = files.enter_context(pq.ParquetWriter(folder / f"{name}.parquet", rows.schema))
                writers[name].write_table(rows)

        yield tell


def _csv(path: Path, schema: pa.Schema) -> csv.CSVWriter:
    return csv.CSVWriter(path, schema, write_options=csv.WriteOptions(quoting_style="needed", quoting_header="none"))


def _write_csv(path: Path, table: pa.Table) -> None:
    with _csv(path, table.schema) as file:
        file.write_table(table)


def _description(world: World) -> dict[str, object]:
    return {
        "seed": world.seed,
        "size": world.size,
        "end_at": END_AT.isoformat(),
        "units_per_euro": fares.PER_EURO,
        "agencies": [agency.email for agency in world.scene.agencies],
    }
