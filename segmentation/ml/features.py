"""Which features of the catalogue a model may learn from: those that mean the same in the past as when scoring."""

from segmentation.features.catalogue import CORE
from segmentation.features.grammar import Parity

# Web and app behaviour is kept for months, bookings for years. Seen from a snapshot two years back nobody has
# visited, so what counts "anything" would mean one thing when learnt and another when scored.
_OF_A_SHORT_MEMORY = ("profile:silent_days", "profile:tenure_days")
# Means over all of a customer's bookings grow with the history behind them.
_OF_ALL_HISTORY = ("gap_days", "overdue")

KNOWN_IN_THE_PAST: tuple[str, ...] = tuple(
    feature.name
    for feature in CORE
    if feature.parity is not Parity.NONE
    and feature.name not in _OF_A_SHORT_MEMORY
    and not feature.name.startswith("web:")
)

# What a year of history tells. A horizon of a year is spent twice (once to learn, once to judge), so of three
# years only one lies before the rows that teach.
KNOWN_WITHIN_A_YEAR: tuple[str, ...] = tuple(
    name for name in KNOWN_IN_THE_PAST if not name.endswith(("_730d", *_OF_ALL_HISTORY))
)
