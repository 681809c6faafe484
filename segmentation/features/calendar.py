"""The airline's calendar: on which day of the week and in which month something happened, by its own clock."""

from __future__ import annotations

import numpy as np
from django.conf import settings
from numpy.typing import NDArray


def weekday_and_month(occurred: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of moments in microseconds since 1970: the weekday (1 is Monday) and the month."""
    import pandas as pd

    local = pd.DatetimeIndex(occurred.view("datetime64[us]")).tz_localize("UTC").tz_convert(settings.AIRLINE_TIME_ZONE)
    return local.day_of_week.to_numpy().astype(np.int64) + 1, local.month.to_numpy().astype(np.int64)
