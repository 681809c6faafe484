"""Events of people, gathered into one row a person: how often, how lately, how much."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from segmentation.ml import columns

_DAYS = r"^(?:19|20)\d{2}[01]\d[0-3]\d$"
# A column called after a person and a number; not "customer type", which repeats without being anybody.
_PERSON = re.compile(
    r"^(?:customer|client|cust|member|user|visitor|passenger|traveller|guest|household|loyalty|account|person)"
    r"[ _.-]?(?:id|no|nr|number|code|key|uuid)$",
    re.IGNORECASE,
)
# Fewer rows for each than this are people with a few doubles, not what people did.
_FEWEST_EVENTS = 1.2


def whose(rows: pd.DataFrame) -> str | None:
    """The column that says whose event a row is: it repeats, and a column of days stands beside it."""
    named = [str(name) for name in rows.columns if _PERSON.match(str(name).strip())]
    repeating = [name for name in named if len(rows) >= _FEWEST_EVENTS * max(rows[name].nunique(), 1)]
    if len(repeating) != 1 or all(_moments(rows[name]) is None for name in rows.columns if name != repeating[0]):
        return None
    return repeating[0]


def per_person(rows: pd.DataFrame, who: str) -> pd.DataFrame:
    """One row for each value of `who`: events, days since the first and the last, the gap, sums and means of amounts.

    Days are counted to the latest day of the table. Columns of words are left out.
    """
    owner = rows[who].to_numpy()
    result = {"events": pd.Series(1, index=rows.index).groupby(owner).sum()}
    for name in (column for column in rows.columns if column != who):
        moments = _moments(rows[name])
        if moments is not None:
            result |= _told_by_time(name, moments, owner)
            continue
        described = columns.describe(rows[name])
        if described.kind == "number":
            amounts = pd.Series(columns.as_numbers(rows[name]), index=rows.index).groupby(owner)
            result |= {f"{name} sum": amounts.sum(), f"{name} mean": amounts.mean()}
    return pd.DataFrame(result).reset_index(drop=True)


def _moments(values: pd.Series) -> pd.Series | None:
    text = values.astype("str").str.strip()
    if text.head(2_000).str.match(_DAYS).all():
        return pd.to_datetime(text, format="%Y%m%d", errors="coerce", utc=True)
    described = columns.describe(values)
    if described.kind != "date":
        return None
    return columns.as_times(values, day_first=described.day_first)


def _told_by_time(name: str, moments: pd.Series, owner: np.ndarray) -> dict[str, pd.Series]:
    age = pd.Series((moments.max() - moments).dt.total_seconds().to_numpy() / 86_400, index=moments.index)
    days = age.round().groupby(owner)
    first, last, others = days.max(), days.min(), days.nunique() - 1
    return {
        f"{name} days since first": first,
        f"{name} days since last": last,
        # Of somebody seen on a single day there is no gap; as long as the table covers, then.
        f"{name} mean gap": ((first - last) / others).where(others > 0, days.max().max()),
    }
