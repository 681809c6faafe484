"""Features as frames, for notebooks and training jobs, under the purpose `analytics` and without what names a person.

Comes in: customers, names of features, and moments. Refuses: whoever may not be analysed has no row in an export, and
NaN throughout where the caller named them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from segmentation.features import offline, store
from segmentation.features.catalogue import NAMES, get


def features(
    entities: pd.DataFrame | Sequence[UUID | str], names: Sequence[str], as_of: datetime | None = None
) -> pd.DataFrame:
    """The features `names` of `entities`, each as of its moment; both cuts of time hold.

    `entities` are customer ids, all as of `as_of`, or a frame with `customer_id` and `at` (aware), one row each.
    Raises UnknownFeature, NotPointInTime, and ValueError where a moment is missing or has no time zone.
    """
    if isinstance(entities, pd.DataFrame):
        rows = entities
    else:
        rows = pd.DataFrame({"customer_id": [str(one) for one in entities], "at": as_of})
    if len(rows) and (rows["at"].isna().any() or getattr(rows["at"].dt, "tz", None) is None):
        raise ValueError("each row needs a moment with a time zone: pass as_of, or a column `at`")
    return offline.frame(rows, list(names), known_at=True)


def export_features(path: Path, names: Sequence[str] | None = None) -> int:
    """Write the stored vectors of everyone who may be analysed to a Parquet file; returns how many.

    A customer is a pseudonym here, the platform's id; the file holds no name and no contact.
    """
    chosen = list(names or NAMES)
    schema = pa.schema([("customer_id", pa.string()), *((get(name).name, pa.float32()) for name in chosen)])
    written = 0
    with pa_parquet.ParquetWriter(path, schema, compression="zstd") as out:
        for block in store.blocks():
            if len(block):
                ids = [str(UUID(bytes=row.tobytes())) for row in block.ids]
                columns = [pa.array(column) for column in block.columns(chosen).T]
                out.write_table(pa.table([pa.array(ids), *columns], schema=schema))
                written += len(block)
    return written
