"""How a booking can be reached: the customer's own address, verified or not, or the agency's for everybody."""

import numpy as np
from numpy.typing import NDArray

from iaros.demo import blemishes
from iaros.demo.block import Block
from iaros.demo.draws import chance
from iaros.demo.feeds.groups import Groups, grouped
from iaros.demo.trips import AGENCY

# type, value, passenger (0: not said), verified
_Columns = tuple[NDArray, NDArray, NDArray, NDArray, NDArray]


def rows(rng: np.random.Generator, block: Block) -> Groups:
    parts = (*_of_lead(rng, block), *_of_companions(rng, block), *_of_agency(block))
    trip, kind, value, passenger, verified = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((kind, passenger, trip))
    columns = zip(
        kind[order], value[order], passenger[order].tolist(), verified[order].astype(bool).tolist(), strict=True
    )
    out = [
        {"type": _TYPES[which], "value": text, "passenger": number or None, "verified": checked}
        for which, text, number, checked in columns
    ]
    return grouped(out, trip[order], len(block.trips))


_TYPES = ("email", "phone")
EMAIL, TELEPHONE = range(2)


def agencies(block: Block) -> list[dict[str, str] | None]:
    """The agency of each trip, none where the customer booked alone."""
    trips, listed = block.trips, block.scene.agencies
    written: list[dict[str, str]] = [
        {"iata": agency.iata, "email": agency.email, "phone": agency.phone} for agency in listed
    ]
    which = block.people.agency[trips.lead].tolist()
    return [written[i] if by_agency else None for i, by_agency in zip(which, trips.channel == AGENCY, strict=True)]


def _part(trip: NDArray, kind: int, value: NDArray, passenger: NDArray | int, verified: NDArray | bool) -> _Columns:
    n = len(trip)
    return (
        trip,
        np.full(n, kind),
        value,
        np.broadcast_to(np.asarray(passenger), n),
        np.broadcast_to(np.asarray(verified), n),
    )


def _of_lead(rng: np.random.Generator, block: Block) -> tuple[_Columns, _Columns]:
    trips, people = block.trips, block.people
    n, by_agency = len(trips), trips.channel == AGENCY
    mail = np.flatnonzero((people.email[trips.lead] != None) & chance(rng, np.where(by_agency, 0.28, 0.96)))  # noqa: E711
    call = np.flatnonzero((people.phone[trips.lead] != None) & chance(rng, np.where(by_agency, 0.2, 0.72)))  # noqa: E711
    member = block.accounts.of_person[trips.lead] >= 0
    clicked = chance(rng, np.where(by_agency, 0.0, np.where(member, 0.8, 0.45)))
    value = people.email[trips.lead[mail]]
    slipped = blemishes.with_slips(rng, value, 0.01)
    said = np.where(chance(rng, 0.72, n), 1, 0)
    return (
        _part(mail, EMAIL, slipped, said[mail], clicked[mail] & (slipped == value)),
        _part(call, TELEPHONE, people.phone[trips.lead[call]], said[call], False),
    )


def _of_companions(rng: np.random.Generator, block: Block) -> tuple[_Columns]:
    travellers, people = block.travellers, block.people
    email = people.email[travellers.person]
    tells = np.flatnonzero(
        (travellers.number > 1) & (email != None) & chance(rng, 0.16, len(travellers))  # noqa: E711
    )
    return (_part(travellers.trip[tells], EMAIL, email[tells], travellers.number[tells], False),)


def _of_agency(block: Block) -> tuple[_Columns, _Columns]:
    trips, listed = block.trips, block.scene.agencies
    trip = np.flatnonzero(trips.channel == AGENCY)
    which = block.people.agency[trips.lead[trip]]
    emails = np.array([agency.email for agency in listed], dtype=object)
    phones = np.array([agency.phone for agency in listed], dtype=object)
    return (_part(trip, EMAIL, emails[which], 0, False), _part(trip, TELEPHONE, phones[which], 0, False))
