"""RFM of a shop that everybody knows: our fifths are those that a few lines of pandas find."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from django.conf import settings
from django.db import connection

from iaros.lib import copying
from iaros.lib.ids import as_block, as_uuids, numbers, uuid7_block
from iaros.lib.partitions import ensure_months
from segmentation import features
from segmentation.features import store
from tests.segmentation import population

SHOP = Path(settings.BASE_DIR).parent / "shared/data/online_retail/online_retail.csv.gz"
AS_OF = datetime(2011, 12, 10, tzinfo=UTC)
LETTERS = ("recency", "frequency", "monetary")


def invoices() -> pd.DataFrame:
    """What was sold to known customers: a row an invoice, its moment and its value in pence."""
    rows = pd.read_csv(SHOP, usecols=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"], dtype=str)
    rows = rows[rows.CustomerID.notna() & ~rows.InvoiceNo.str.startswith("C")]
    rows["pence"] = (rows.Quantity.astype(float) * rows.UnitPrice.astype(float) * 100).round()
    rows["at"] = pd.to_datetime(rows.InvoiceDate)
    return rows.groupby(["CustomerID", "InvoiceNo"], as_index=False).agg(at=("at", "max"), pence=("pence", "sum"))


def by_hand(sold: pd.DataFrame) -> pd.DataFrame:
    """Each customer's fifths: a limit is the value at the end of its fifth of the sorted base, and belongs to it."""
    of = sold.groupby("CustomerID")
    days = (pd.Timestamp(AS_OF).tz_localize(None) - of["at"].max()).dt.total_seconds() / 86_400
    raw = pd.DataFrame({"recency": days, "frequency": of.size(), "monetary": of["pence"].sum() / 100})
    found = {}
    for letter in LETTERS:
        ordered = raw[letter].sort_values().to_numpy()
        ends = [ordered[int(np.ceil(share * len(ordered))) - 1] for share in (0.2, 0.4, 0.6, 0.8)]
        beyond = sum((raw[letter] > end).astype(int) for end in ends)
        found[letter] = 5 - beyond if letter == "recency" else 1 + beyond
    return pd.DataFrame(found)


def taken_in(sold: pd.DataFrame) -> dict[str, UUID]:
    """The shop's customers as ours, their invoices as bookings."""
    names = sold.CustomerID.unique()
    people = dict(zip(names, population.customers(len(names)), strict=True))
    who = as_block([people[name] for name in sold.CustomerID])
    moments = sold["at"].to_numpy().astype("datetime64[us]")
    ensure_months("profiles_event", sold["at"].min().date(), sold["at"].max().date())
    count = len(sold)
    with connection.cursor() as cursor:
        copying.copy_in(
            cursor,
            "profiles_event",
            {
                "occurred_at": copying.timestamps(moments),
                "id": copying.bigints(numbers(count)),
                "ingested_at": copying.timestamps(moments),
                "customer_id": copying.uuids(who),
                "bucket": copying.smallints(who[:, 15]),
                "kind": copying.smallints(np.ones(count)),
                "record_id": copying.uuids(uuid7_block(count)),
                "value_base_minor": copying.bigints(sold.pence.to_numpy().astype(np.int64)),
                "quantity": copying.integers(np.ones(count)),
            },
        )
    return people


@pytest.mark.public_data
@pytest.mark.django_db
def test_rfm__of_the_online_shop__equals_an_independent_computation() -> None:
    if not SHOP.exists():
        pytest.skip("public data is not here")
    sold = invoices()
    people = taken_in(sold)

    features.materialise(AS_OF)

    expected = by_hand(sold)
    expected.index = pd.Index([people[name] for name in expected.index])
    blocks = list(store.blocks())
    ids = as_uuids(np.vstack([block.ids for block in blocks]))
    values = np.vstack([block.columns([f"rfm:{letter}" for letter in (*LETTERS, "cell")]) for block in blocks])
    found = pd.DataFrame(values, columns=[*LETTERS, "cell"], index=ids).loc[expected.index]
    assert len(found) == 4339
    pd.testing.assert_frame_equal(found[list(LETTERS)].astype(int), expected.astype(int))
    cells = 100 * expected.recency + 10 * expected.frequency + expected.monetary
    assert found["cell"].astype(int).tolist() == cells.tolist()
    assert len(set(cells)) > 60
