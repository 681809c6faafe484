"""The world's calendar: days are counted from `FIRST_DAY`; seconds are UTC since 1970.

Three years of history end at `END`, twelve months of simulated future follow (and a little more, so that
trips booked in the last simulated weeks have a departure).
"""

import numpy as np
from numpy.typing import NDArray

from iaros.demo import END_AT

DAY = 86_400
FIRST_DATE = np.datetime64("2023-11-01", "D")
FIRST_DAY_NUMBER = int(FIRST_DATE.astype(int))
END = int(END_AT.timestamp())
END_DAY = END // DAY - FIRST_DAY_NUMBER
FUTURE_DAYS = 365
HORIZON_DAYS = END_DAY + FUTURE_DAYS + 60
HISTORY_START = FIRST_DAY_NUMBER * DAY

PURPOSES = ("business", "leisure", "vfr")
BUSINESS, LEISURE, VFR = range(3)

# January to December.
_MONTHS = np.array(
    [
        [0.85, 1.05, 1.15, 1.05, 1.10, 1.05, 0.45, 0.75, 1.25, 1.20, 1.20, 0.70],
        [0.60, 0.95, 0.85, 1.00, 1.00, 1.30, 1.80, 1.35, 0.95, 1.10, 0.55, 0.75],
        [0.75, 0.70, 0.85, 1.15, 0.85, 1.10, 1.50, 1.20, 0.75, 0.90, 0.65, 1.70],
    ]
)
# Monday to Sunday, for the way out.
_WEEKDAYS = np.array(
    [
        [1.55, 1.30, 1.20, 1.10, 0.60, 0.15, 0.80],
        [0.75, 0.70, 0.85, 1.10, 1.35, 1.40, 0.90],
        [0.80, 0.75, 0.85, 1.15, 1.50, 1.10, 0.90],
    ]
)


def month_of(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Month (0 = January) of each day number."""
    return (FIRST_DATE + day).astype("datetime64[M]").astype(np.int64) % 12


def weekday_of(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Weekday (0 = Monday) of each day number; 1970-01-01 was a Thursday."""
    return (day + FIRST_DAY_NUMBER + 3) % 7


def _cumulative() -> NDArray[np.float64]:
    days = np.arange(HORIZON_DAYS)
    weights = _MONTHS[:, month_of(days)] * _WEEKDAYS[:, weekday_of(days)]
    running = np.cumsum(weights, axis=1)
    return running / running[:, -1:]


_CUMULATIVE = _cumulative()


def departure_days(purpose: NDArray[np.int64], u: NDArray[np.float64]) -> NDArray[np.int64]:
    """The day at position `u` (0..1) of the purpose's travel calendar: the inverse of its seasonal curve."""
    days = np.zeros(len(u), dtype=np.int64)
    for kind in range(len(PURPOSES)):
        chosen = purpose == kind
        days[chosen] = np.searchsorted(_CUMULATIVE[kind], u[chosen])
    return np.minimum(days, HORIZON_DAYS - 1)


def midnight(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """UTC seconds of the day's first second."""
    return (day + FIRST_DAY_NUMBER) * DAY


def day_of(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    return seconds // DAY - FIRST_DAY_NUMBER


def iso_utc(seconds: NDArray[np.int64]) -> NDArray[np.str_]:
    """`2026-03-04T10:22:31Z` for each moment."""
    return np.char.add(np.datetime_as_string(seconds.astype("datetime64[s]")), "Z")


def iso_date(days_since_1970: NDArray[np.int64]) -> NDArray[np.str_]:
    return np.datetime_as_string(days_since_1970.astype("datetime64[D]"))
