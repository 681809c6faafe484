"""Moments as the exports of vendors write them: ISO with T or a blank, or numbers since 1970 in whichever unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
# An event of the year 5138 in seconds, or of 1973 in milliseconds; of 5138 in milliseconds, or of 1973 in microseconds.
_MILLIS_FROM, _MICROS_FROM = 10**11, 10**14
_WHOLE_SINCE_1970 = r"^\d{9,16}$"
_SINCE_1970 = re.compile(r"\d{9,16}(?:\.\d{1,6})?", re.ASCII)


def read_stamps(texts: Sequence[str | None]) -> NDArray[np.datetime64]:
    """The moments that `Columns.stamps` reads; NaT where there is none or it cannot be read."""
    column = pa.array([text or None for text in texts], type=pa.string())
    for zone in ("UTC", None):
        try:
            moments = pc.cast(column, pa.timestamp("us", tz=zone)).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, ValueError):
            continue
        return _of_our_times(moments.astype("datetime64[us]"))
    if pc.all(pc.match_substring_regex(column, _WHOLE_SINCE_1970)).as_py():
        return _of_our_times(_since_1970(column))
    found = [_read_stamp(text) if text else None for text in texts]
    return _of_our_times(np.array(found, dtype="datetime64[us]"))


def _since_1970(column: pa.Array) -> NDArray[np.datetime64]:
    """Whole numbers as moments, in whichever unit their size says."""
    known = pc.is_valid(column).to_numpy(zero_copy_only=False)
    whole = pc.fill_null(pc.cast(column, pa.int64()), 0).to_numpy(zero_copy_only=False)
    scale = np.where(whole < _MILLIS_FROM, 10**6, np.where(whole < _MICROS_FROM, 1000, 1))
    return np.where(known, (whole * scale).astype("datetime64[us]"), np.datetime64("NaT", "us"))


def _read_stamp(text: str) -> np.datetime64 | None:
    if _SINCE_1970.fullmatch(text):
        number = float(text)
        scale = 10**6 if number < _MILLIS_FROM else 1000 if number < _MICROS_FROM else 1
        micros = int(text) * scale if text.isdigit() else round(number * scale)
        return np.datetime64(micros, "us")
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC").replace(" +", "+"))
    except ValueError:
        return None
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(moment, "us")


def _of_our_times(moments: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    years = moments.astype("datetime64[Y]").astype(np.int64) + 1970
    return np.where((years < EARLIEST_YEAR) | (years > LATEST_YEAR), np.datetime64("NaT"), moments)
