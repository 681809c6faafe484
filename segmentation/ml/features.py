"""Which features of the catalogue a model may learn from: those whose value at a past moment can be found again."""

from segmentation.features.catalogue import FEATURES
from segmentation.features.grammar import Parity

# Web and app behaviour is kept for months, bookings for years. Seen from a snapshot two years back nobody has
# visited, so what counts "anything" would mean one thing when learnt and another when scored.
_OF_A_SHORT_MEMORY = ("profile:silent_days", "profile:tenure_days")

KNOWN_IN_THE_PAST: tuple[str, ...] = tuple(
    feature.name
    for feature in FEATURES
    if feature.parity is not Parity.NONE
    and feature.name not in _OF_A_SHORT_MEMORY
    and not feature.name.startswith("web:")
)
