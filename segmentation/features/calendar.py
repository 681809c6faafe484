"""The airline's calendar: on which day, day of the week and in which month something happened, by its own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from numpy.typing import NDArray


def weekday_and_month(occurred: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of moments in microseconds since 1970: the weekday (1 is Monday) and the month."""
    import pandas as pd

    local = pd.DatetimeIndex(occurred.view("datetime64[us]")).tz_localize("UTC").tz_convert(settings.AIRLINE_TIME_ZONE)
    return local.day_of_week.to_numpy().astype(np.int64) + 1, local.month.to_numpy().astype(np.int64)


def days(occurred: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Of moments in microseconds since 1970: the airline's days on which they lie."""
    import pandas as pd

    local = pd.DatetimeIndex(occurred.view("datetime64[us]")).tz_localize("UTC").tz_convert(settings.AIRLINE_TIME_ZONE)
    return local.tz_localize(None).normalize().to_numpy().astype("datetime64[D]")


def begins(day: date) -> datetime:
    """The moment at which a day of the airline begins; it ends where the next begins."""
    return datetime.combine(day, time.min, ZoneInfo(settings.AIRLINE_TIME_ZONE)).astimezone(UTC)
