"""From where, with whom, by which way and how early somebody travels: read off the trips, the latest most."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.enrichment import runs
from profiles.enrichment.enricher import Enricher
from profiles.enrichment.history import History, Trips

_HALF_LIFE = np.timedelta64(540, "D")  # a trip of eighteen months ago says half as much as one of today
_SAID_BY_THE_PERSON = 1.5  # trips; how much the home airport that a member stated counts
ALONE, COUPLE, FAMILY, GROUP = "alone", "couple", "family", "group"


def _weight(history: History, trips: Trips) -> NDArray[np.float64]:
    age = (np.datetime64(history.as_of.replace(tzinfo=None)) - trips.created_at) / _HALF_LIFE
    return np.where(trips.cancelled, 0.0, 0.5 ** np.maximum(age.astype(float), 0.0))


def home_airport(history: History) -> dict[str, Any]:
    """Where most trips begin, counting what the person has stated as one trip and a half."""
    trips, customers = history.trips, history.customers
    stated = np.array([airport is not None for airport in customers.home_airport], dtype=bool)
    where = np.flatnonzero(stated)
    who = np.concatenate([trips.customer, where])
    airport = np.concatenate([trips.origin, customers.home_airport[where]])
    weight = np.concatenate([_weight(history, trips), np.full(len(where), _SAID_BY_THE_PERSON)])
    best, share = runs.heaviest(who, airport, weight, len(customers))
    evidence = runs.total(who, weight, len(customers))
    # A share of one from a single old trip is not certainty: half a trip is held back for the airport not yet seen.
    return {"home_airport": best, "home_airport_confidence": share * evidence / (evidence + 0.5)}


def party_type(history: History) -> dict[str, Any]:
    """Alone, as a couple, with children, or in a group: what most trips are."""
    trips = history.trips
    kind = np.select(
        [trips.party_size == 1, trips.with_child, trips.party_size == 2], [ALONE, FAMILY, COUPLE], default=GROUP
    )
    best, share = runs.heaviest(trips.customer, kind, _weight(history, trips), len(history.customers))
    return {"party_type": best, "party_type_share": share}


def booking_habit(history: History) -> dict[str, Any]:
    """The channel most trips are booked by, and how many days ahead the median trip is."""
    trips = history.trips
    channel, _ = runs.heaviest(trips.customer, trips.channel, _weight(history, trips), len(history.customers))
    ahead = np.maximum((trips.departs_at - trips.created_at) / np.timedelta64(1, "D"), 0)
    return {"booking_channel": channel, "lead_days": runs.median(trips.customer, ahead, len(history.customers))}


HOME_AIRPORT = Enricher(
    "home_airport",
    "Home airport",
    ("profiles_booking", "profiles_passenger", "profiles_profile"),
    ("home_airport", "home_airport_confidence"),
    "the weighted share of trips that begin there, with half a trip held back",
    home_airport,
)
PARTY_TYPE = Enricher(
    "party_type",
    "Travels with",
    ("profiles_booking", "profiles_passenger"),
    ("party_type", "party_type_share"),
    "the weighted share of trips of that kind",
    party_type,
)
BOOKING_HABIT = Enricher(
    "booking_habit",
    "Books by and ahead",
    ("profiles_booking", "profiles_passenger"),
    ("booking_channel", "lead_days"),
    "none: counted, not guessed",
    booking_habit,
)
