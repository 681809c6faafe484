"""What each column of somebody's table is, and the matrix the trees read.

In comes the frame of `tables.read`; out goes one float32 matrix. Numbers may carry thousands separators,
decimal commas, currency signs or percent; dates become day, month, weekday and hour; words become
categories with a cap, the rest of them one category; blank is a category of its own. A column that cannot
help (constant, identifier, free text) is left out, with the reason kept.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from segmentation.ml import tables

NUMBER_SHARE, DATE_SHARE = 0.98, 0.95
MISSING, OTHER = 0, 1

_SIGNS = re.compile(r"[€$£¥%\s\u00a0\u202f']|\b(?:eur|usd|gbp|chf|dkk|sek|nok)\b", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+$")
# A group of thousands never begins with nought: 0,125 is an eighth.
_THOUSANDS = re.compile(r"^[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$")
_DATE = re.compile(
    r"^(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"|\d{1,2}[ -][A-Za-z]{3,9}[ -,]+\d{2,4}|[A-Za-z]{3,9} \d{1,2},? \d{4})(?:[T ].*)?$"
)
_IDENTIFIER = re.compile(
    r"(?:^|[_\s.-])(?:id|uuid|guid|key|index|unnamed|row|rownumber|nr|no)(?:$|[_\s.:\d-])", re.IGNORECASE
)


@dataclass(frozen=True)
class Column:
    """One column as learnt: `kind` is number, date, category, presence (only whether filled) or ignored."""

    name: str
    kind: str
    reason: str = ""
    categories: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    day_first: bool = False

    @property
    def features(self) -> list[str]:
        if self.kind == "date":
            return [f"{self.name}.{part}" for part in self.parts]
        return {"ignored": [], "presence": [f"{self.name}.filled"]}.get(self.kind, [self.name])


class TableEncoder(BaseEstimator):
    """Learns the columns on the training rows only; `transform` gives the same matrix for any others."""

    def __init__(self, max_categories: int = 200, clock: str | None = None) -> None:
        self.max_categories = max_categories
        self.clock = clock

    def fit(self, rows: pd.DataFrame) -> Self:
        self.columns_ = [describe(rows[name], self.max_categories) for name in rows.columns]
        if self.clock is not None:
            self.columns_ = [self._seen_from_the_clock(column) for column in self.columns_]
        self.features_ = [feature for column in self.columns_ for feature in column.features]
        words = {column.name for column in self.columns_ if column.kind == "category"}
        self.categorical_ = [place for place, name in enumerate(self.features_) if name in words]
        return self

    def transform(self, rows: pd.DataFrame) -> np.ndarray:
        now = self._clock_days(rows)
        parts = [part for column in self.columns_ for part in encode(rows[column.name], column, now=now)]
        if not parts:
            return np.zeros((len(rows), 0), dtype=np.float32)
        return np.column_stack(parts).astype(np.float32)

    @property
    def ignored_(self) -> dict[str, str]:
        return {column.name: column.reason for column in self.columns_ if column.kind in ("ignored", "presence")}

    def _seen_from_the_clock(self, column: Column) -> Column:
        """On a time split later rows lie beyond the days that trees have seen, so a day counts from the clock."""
        if column.name == self.clock and column.kind != "date":
            return Column(column.name, "ignored", reason="the time of the split")
        if column.kind != "date":
            return column
        own = column.name == self.clock or not self._clock_is_date
        parts = tuple("since" if part == "day" else part for part in column.parts if part != "day" or not own)
        return replace(column, parts=parts)

    @property
    def _clock_is_date(self) -> bool:
        return any(column.name == self.clock and column.kind == "date" for column in self.columns_)

    def _clock_days(self, rows: pd.DataFrame) -> np.ndarray | None:
        clock = next((column for column in self.columns_ if column.name == self.clock), None)
        if clock is None or clock.kind != "date":
            return None
        return encode_days(as_times(rows[clock.name], day_first=clock.day_first))


def describe(values: pd.Series, max_categories: int = 200) -> Column:
    name, filled = str(values.name), values[~tables.missing(values)]
    if filled.empty:
        return Column(name, "ignored", reason="empty")
    if tables.is_nested(filled):
        return Column(name, "ignored", reason="holds lists or records")
    distinct = filled.drop_duplicates()
    if len(distinct) == 1:
        return _presence(name, values, filled, "constant")
    if pd.api.types.is_datetime64_any_dtype(filled.dtype) or _share_of_dates(distinct) >= DATE_SHARE:
        return Column(name, "date", parts=_date_parts(distinct), day_first=_day_first(distinct))
    if _share_of_numbers(distinct) >= NUMBER_SHARE:
        if _is_identifier(name, as_numbers(filled), len(values)):
            return _presence(name, values, filled, "identifier")
        return Column(name, "number")
    if len(distinct) > max(50, len(filled) // 2):
        return _presence(name, values, filled, "nearly every value differs")
    return Column(name, "category", categories=_frequent(filled, max_categories))


def encode(values: pd.Series, column: Column, *, now: np.ndarray | None = None) -> list[np.ndarray]:
    if column.kind == "number":
        return [as_numbers(values)]
    if column.kind == "date":
        return _encode_dates(as_times(values, day_first=column.day_first), column.parts, now)
    if column.kind == "presence":
        return [(~tables.missing(values)).to_numpy(dtype=np.float32)]
    if column.kind == "category":
        return [_encode_words(values, column.categories)]
    return []


def as_numbers(values: pd.Series) -> np.ndarray:
    """float64, NaN where absent or not a number."""
    if not tables.is_text(values):
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            return np.full(len(values), np.nan)
        return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    codes, words = pd.factorize(values)
    text = pd.Series(words, dtype="str").str.strip()
    numbers = np.array(pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))
    unread = np.isnan(numbers)
    if unread.any():
        numbers[unread] = _written_numbers(text[unread])
    numbers[~np.isfinite(numbers)] = np.nan
    return np.append(numbers, np.nan)[codes]


def _written_numbers(text: pd.Series) -> np.ndarray:
    bare = text.str.replace(_SIGNS, "", regex=True)
    thousands, comma = bare.str.match(_THOUSANDS), bare.str.match(_DECIMAL_COMMA)
    # "1,234" alone could be either; one "12,5" in the column settles that its comma is a decimal one.
    if (comma & ~thousands).any() and not bare.str.contains(r",\d{3}\.\d", regex=True).any():
        bare = bare.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    else:
        bare = bare.str.replace(",", "", regex=False)
    return pd.to_numeric(bare, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def as_times(values: pd.Series, *, day_first: bool = False) -> pd.Series:
    """UTC times, NaT where absent or not a date."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return pd.to_datetime(values, utc=True)
    codes, words = pd.factorize(values)
    text = pd.Series(words, dtype="str").str.strip()
    text = text.where(text.str.match(_DATE).fillna(False).astype(bool))
    times = pd.to_datetime(text, format="mixed", dayfirst=day_first, errors="coerce", utc=True)
    return pd.Series(pd.concat([times, pd.Series([pd.NaT], dtype=times.dtype)]).to_numpy()[codes], index=values.index)


def _share_of_numbers(distinct: pd.Series) -> float:
    return float(np.mean(~np.isnan(as_numbers(distinct))))


def _share_of_dates(distinct: pd.Series) -> float:
    if not tables.is_text(distinct):
        return 0.0
    sample = distinct.head(2000)
    if sample.astype("str").str.strip().str.match(_DATE).mean() < DATE_SHARE:
        return 0.0
    return float(as_times(sample, day_first=_day_first(sample)).notna().mean())


def _day_first(distinct: pd.Series) -> bool:
    """31/12/2025 can only be read one way; without such a date the month comes first only if it always could."""
    if not tables.is_text(distinct):
        return False
    parts = distinct.astype("str").str.extract(r"^\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}").astype("float64")
    return bool((parts[0] > 12).any() and not (parts[1] > 12).any())


def _date_parts(distinct: pd.Series) -> tuple[str, ...]:
    times = as_times(distinct, day_first=_day_first(distinct)).dropna()
    found = {
        "day": times.dt.floor("D").nunique() > 1,
        "month": times.dt.month.nunique() > 1,
        "weekday": times.dt.day_of_week.nunique() > 1,
        "hour": times.dt.hour.nunique() > 1,
    }
    return tuple(part for part, varies in found.items() if varies)


def encode_days(times: pd.Series) -> np.ndarray:
    """Days since 1970 with their part of a day, NaN where absent."""
    clock = pd.DatetimeIndex(times)
    return np.asarray((clock - pd.Timestamp("1970-01-01", tz=clock.tz)) / pd.Timedelta(days=1), dtype=np.float64)


def _encode_dates(times: pd.Series, parts: tuple[str, ...], now: np.ndarray | None) -> list[np.ndarray]:
    clock, days = pd.DatetimeIndex(times), encode_days(times)
    values: dict[str, Any] = {
        "day": days,
        "since": days - now if now is not None else days,
        "month": clock.month,
        "weekday": clock.day_of_week,
        "hour": clock.hour,
    }
    return [np.asarray(values[part], dtype=np.float64) for part in parts]


def _is_identifier(name: str, numbers: np.ndarray, rows: int) -> bool:
    """Whole numbers, all different, and either called so or simply counting the rows."""
    whole = numbers[~np.isnan(numbers)]
    if len(whole) < 20 or len(np.unique(whole)) < len(whole) or (whole != np.round(whole)).any():
        return False
    counting = np.ptp(whole) < 2 * rows
    return bool(_IDENTIFIER.search(name) or name.lower().endswith(("id", "number")) or (counting and rows >= 100))


def _presence(name: str, values: pd.Series, filled: pd.Series, reason: str) -> Column:
    """A value that tells nothing may still tell by being there or not."""
    kind = "presence" if len(filled) < len(values) else "ignored"
    return Column(name, kind, reason=reason)


def _word_of(value: object) -> str:
    return str(value).strip()


def _frequent(filled: pd.Series, cap: int) -> tuple[str, ...]:
    counts = filled.map({value: _word_of(value) for value in filled.unique()}).value_counts()
    floor = 1 if len(filled) < 200 else max(2, min(20, len(filled) // 2000))
    return tuple(counts[counts >= floor].index[:cap])


def _encode_words(values: pd.Series, categories: tuple[str, ...]) -> np.ndarray:
    place = {word: code for code, word in enumerate(categories, start=2)}
    codes, words = pd.factorize(values)
    absent = tables.missing(pd.Series(words)).to_numpy()
    coded = [MISSING if gone else place.get(_word_of(word), OTHER) for word, gone in zip(words, absent, strict=True)]
    return np.append(np.array(coded, dtype=np.float32), np.float32(MISSING))[codes]
