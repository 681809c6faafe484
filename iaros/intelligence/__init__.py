"""One person, composed for the API, the pages and notebooks: profile, segments, scores, offers and consent."""

from iaros.intelligence.composition import EXPANDABLE, Intelligence, NotForThisPurpose, customer, offers
from iaros.intelligence.freshening import bring_up_to_date
from iaros.intelligence.gate import ConsentRequired, Reader, UnknownCustomer, admit, note
from iaros.intelligence.limits import TookTooLong, within

__all__ = [
    "EXPANDABLE",
    "ConsentRequired",
    "Intelligence",
    "NotForThisPurpose",
    "Reader",
    "TookTooLong",
    "UnknownCustomer",
    "admit",
    "bring_up_to_date",
    "customer",
    "note",
    "offers",
    "within",
]
