"""One person, composed for the API, the pages and notebooks: profile, segments, scores, offers and consent."""

from iaros.intelligence.gate import ConsentRequired, Reader, UnknownCustomer, admit, note
from iaros.intelligence.limits import TookTooLong, within

__all__ = [
    "ConsentRequired",
    "Reader",
    "TookTooLong",
    "UnknownCustomer",
    "admit",
    "note",
    "within",
]
