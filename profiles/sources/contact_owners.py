"""Whose the contacts of a booking are, of which it does not say."""

from __future__ import annotations

from collections.abc import Iterator

from profiles.sources.addressees import addressee
from profiles.sources.reservation import Booking, Contact


def with_owners(booking: Booking) -> Iterator[Contact]:
    """The contacts, those of nobody given to whom they can only belong: to the one who booked alone, or to whom the
    address names, and then the telephone beside it too. What an agency leaves is the agency's, unless it names one."""
    passengers, direct = booking["passengers"], not booking["agency"]
    alone = len(passengers) == 1 and direct
    named = _addressees(booking)
    addresses = sum(c["type"] == "email" and not c["passenger"] for c in booking["contacts"])
    # One customer left one address, and the telephone with it.
    booker = 0 if alone else next(iter(named.values())) if direct and len(named) == addresses == 1 else None
    for contact in booking["contacts"]:
        urgent = contact.get("for_disruptions") and not alone
        at = None if contact["passenger"] or urgent else named.get(contact["value"], booker)
        yield contact if at is None else {**contact, "passenger": passengers[at]["number"]}


def _addressees(booking: Booking) -> dict[str, int]:
    """By address that nobody is said to have, the place of the passenger whom it names; others are absent."""
    names = [(passenger["given_name"], passenger["surname"]) for passenger in booking["passengers"]]
    loose = [c["value"] for c in booking["contacts"] if c["type"] == "email" and not c["passenger"]]
    found = {value: addressee(value, names) for value in loose}
    return {value: at for value, at in found.items() if at is not None}
