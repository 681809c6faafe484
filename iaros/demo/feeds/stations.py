"""The files of airports, ticketing and operations: under which names they are written, and whom they mention."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iaros.demo.block import Block
from iaros.demo.feeds import airport, operations, ticketing
from iaros.demo.feeds.airport import Record
from iaros.demo.scene import Scene

FILES = {
    "ssim": "schedule.ssim",
    "etickets": "etickets.csv",
    "emd": "emd.csv",
    "pnl_adl": "name_lists.txt",
    "pfs": "final_sales.txt",
    "bsm_bpm": "bags.txt",
    "bcbp": "boarding_passes.csv",
    "dcs_events": "departure_control.csv",
    "disruptions": "flight_status.csv",
    "payments": "payments.ndjson",
    "refunds_claims": "refunds_claims.csv",
}
_HEADERS = {
    "etickets": ticketing.COUPON_COLUMNS,
    "emd": ticketing.EMD_COLUMNS,
    "bcbp": "scanned_at,gate,barcode",
    "dcs_events": airport.DCS_COLUMNS,
    "disruptions": operations.STATUS_COLUMNS,
    "refunds_claims": ticketing.CASE_COLUMNS,
}


def records(block: Block) -> dict[str, list[Record]]:
    """What each of these feeds tells of the people of a block."""
    return {**airport.files(block), **ticketing.files(block), "disruptions": operations.cancelled(block)}


def mentions(block: Block) -> list[tuple[str, list[str], NDArray[np.int64]]]:
    """Source, native keys, and who each mention really is."""
    found = []
    for source, told in records(block).items():
        pairs = dict(pair for record in told for pair in record.mentions)
        found.append((source, list(pairs), np.array(list(pairs.values()), dtype=np.int64)))
    return found


@contextmanager
def writing(paths: dict[str, Path]) -> Iterator[Callable[[Block], None]]:
    """Files that are open while the blocks of the world go by."""
    with ExitStack() as files:
        texts = {s: files.enter_context(paths[s].open("wb")) for s in FILES if s != "ssim"}
        for source, header in _HEADERS.items():
            texts[source].write(header.encode() + b"\n")

        def put(block: Block) -> None:
            for source, told in records(block).items():
                texts[source].writelines(record.raw for record in told)

        yield put


def write_flights(scene: Scene, paths: dict[str, Path]) -> None:
    """What concerns flights and nobody: the schedule, and who was late. Called when the blocks have gone by."""
    with paths["ssim"].open("wb") as file:
        file.writelines(operations.schedule(scene))
    with paths["disruptions"].open("ab") as file:
        file.writelines(operations.late(scene))
