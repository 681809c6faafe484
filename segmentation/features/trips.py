"""Features of one passenger of one booking: the trip, as its `booking_made` event and the booking tell it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from string import ascii_uppercase
from typing import TYPE_CHECKING

import airportsdata
import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from iaros.lib import sql
from profiles.currency import minor_units
from profiles.models import EventKind
from segmentation.features.catalogue import TRIP_NAMES
from segmentation.features.filters import WINTER_SUN

if TYPE_CHECKING:
    import pandas as pd

_TRIPS_SQL = """
WITH wanted AS (
    SELECT w.*, get_byte(uuid_send(w.booking), 15)::smallint AS booking_bucket,
           get_byte(uuid_send(w.customer), 15)::smallint AS bucket
    FROM unnest(%(rows)s::int[], %(customers)s::uuid[], %(bookings)s::uuid[]) AS w ("row", customer, booking)
)
SELECT w."row", b.origin, b.destination, b.departs_at, b.returns_at, b.created_at, b.party_size, b.channel,
       e.value_base_minor, e.cabin, e.haul, e.lead_days, beside.children, beside.child, leg.booking_class
FROM wanted w
JOIN profiles_booking b ON b.bucket = w.booking_bucket AND b.id = w.booking
LEFT JOIN LATERAL (
    SELECT * FROM profiles_event e
    WHERE e.bucket = w.bucket AND e.customer_id = w.customer AND e.booking_id = w.booking AND e.kind = %(made)s
      AND e.occurred_at >= b.created_at - interval '1 day' AND e.occurred_at <= b.created_at + interval '1 day'
    ORDER BY e.occurred_at LIMIT 1
) e ON true
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE p.passenger_type <> 'ADT') AS children,
           coalesce(bool_or(p.passenger_type <> 'ADT') FILTER (WHERE p.customer_id = w.customer), false) AS child
    FROM profiles_passenger p WHERE p.booking_id = w.booking
) beside
LEFT JOIN LATERAL (
    SELECT l.booking_class FROM profiles_flightleg l
    WHERE l.bucket = w.booking_bucket AND l.booking_id = w.booking ORDER BY l.number LIMIT 1
) leg ON true
"""
_HAUL = {"S": 0.0, "M": 1.0, "L": 2.0}
_CABIN = {"Y": 0.0, "W": 1.0, "C": 2.0, "F": 3.0}
_LETTER = {letter: float(place) for place, letter in enumerate(ascii_uppercase)}
_CHANNEL = {"web": 0.0, "app": 1.0, "agency": 2.0, "phone": 3.0}


def values(booked: Sequence[tuple[str, str]], names: Sequence[str]) -> NDArray[np.float32]:
    """The `trip:` features `names` of each (customer id, booking id); NaN for a booking that is not known."""
    import pandas as pd

    result = np.full((len(booked), len(names)), np.nan, dtype=np.float32)
    found = pd.DataFrame(
        sql.query(
            _TRIPS_SQL,
            {
                "rows": list(range(len(booked))),
                "customers": [customer for customer, _ in booked],
                "bookings": [booking for _, booking in booked],
                "made": EventKind.BOOKING_MADE,
            },
        )
    )
    if found.empty:
        return result
    columns = _columns(found)
    result[found["row"].to_numpy()] = columns[list(names)].to_numpy(dtype=np.float32)
    return result


def _columns(trip: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    departs = _local(trip["departs_at"])
    lead = trip["lead_days"].astype(float)
    away = (_local(trip["returns_at"]) - departs).dt.total_seconds() / 86_400
    home = trip["origin"].map(_country)
    columns = {
        "trip:lead_days": lead.where(lead.notna(), (departs - _local(trip["created_at"])).dt.days.astype(float)),
        "trip:party_size": trip["party_size"],
        "trip:haul": trip["haul"].map(_HAUL),
        "trip:cabin": trip["cabin"].map(_CABIN),
        "trip:channel": trip["channel"].map(_CHANNEL),
        "trip:length_days": away,
        "trip:departure_month": departs.dt.month,
        "trip:weekday": departs.dt.day_of_week,
        "trip:fare": trip["value_base_minor"].astype(float) / minor_units(),
        "trip:domestic": ((home == trip["destination"].map(_country)) & home.ne("")).astype(float),
        "trip:one_way": trip["returns_at"].isna().astype(float),
        "trip:winter_sun": trip["destination"].isin(WINTER_SUN).astype(float),
        "trip:children": trip["children"].astype(float),
        "trip:child": trip["child"].astype(float),
        "trip:booking_class": trip["booking_class"].map(_LETTER),
    }
    assert tuple(columns) == TRIP_NAMES
    return pd.DataFrame(columns)


def _local(moments: pd.Series) -> pd.Series:
    import pandas as pd

    return pd.to_datetime(moments, utc=True).dt.tz_convert(settings.AIRLINE_TIME_ZONE)


@cache
def _country(airport: str) -> str:
    known = _airports().get(airport)
    return str(known["country"]) if known else ""


@cache
def _airports() -> dict[str, airportsdata.Airport]:
    return airportsdata.load("IATA")
