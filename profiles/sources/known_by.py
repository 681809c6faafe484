"""By what the people of an airport's or a ticket office's feed are known: the booking and name, member number, ticket.

These feeds introduce nobody. A ticket number is held without a claim: a slip in it must not make two people one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from iaros.lib.personal_data import Sensitivity
from profiles.models import IdentifierKind
from profiles.sources.columns import Columns
from profiles.sources.contract import Field, Keys
from profiles.sources.travellers import traveller

PASSENGER = (
    Field("record_locator", "text", "7KQX2M", Sensitivity.PSEUDONYM,
          aliases=("locator", "pnr", "record locator", "booking_reference", "recordLocator", "booking.locator")),
    Field("surname", "text", "SOLHEIM", Sensitivity.IDENTITY,
          aliases=("last_name", "last name", "lastName", "passenger.surname", "passenger.last_name")),
    Field("given_name", "text", "INGRIDMRS", Sensitivity.IDENTITY,
          aliases=("first_name", "given name", "first name", "firstName", "passenger.given_name",
                   "passenger.first_name")),
    Field("loyalty_number", "text", "480934", Sensitivity.PSEUDONYM,
          aliases=("loyalty number", "ff_number", "frequent_flyer_number", "loyaltyNumber",
                   "passenger.loyalty_number")),
)  # fmt: skip


def people(
    columns: Columns, tickets: Sequence[str | None] | None = None, emails: Sequence[str | None] | None = None
) -> tuple[dict[str, list[str | None]], list[Keys]]:
    """The personal columns and the keys of rows with the fields of `PASSENGER`."""
    locators = locators_of(columns)
    surnames, given = columns.text("surname"), columns.text("given_name")
    numbers = columns.text("loyalty_number", longest=20)
    every, none = np.ones(len(columns), dtype=bool), np.zeros(len(columns), dtype=bool)
    named = [traveller(*one) for one in zip(locators, surnames, given, strict=True)]
    keys = [Keys(IdentifierKind.LOYALTY_NUMBER, numbers, every), Keys(IdentifierKind.TRAVELLER, named, every)]
    if tickets is not None:
        keys.append(Keys(IdentifierKind.ACCOUNT, [f"ticket:{one}" if one else None for one in tickets], none))
    if emails is not None:
        keys.append(Keys(IdentifierKind.EMAIL, list(emails), none))
    return {"surname": surnames, "given_name": given, "loyalty_number": numbers}, keys


def locators_of(columns: Columns) -> list[str | None]:
    return [value.upper() if value else None for value in columns.text("record_locator", longest=8)]


def ticket_numbers(columns: Columns, name: str, *, required: bool = False) -> list[str | None]:
    """Thirteen digits of a ticket or other document; a fourteenth is its check digit, and must be right."""
    found: list[str | None] = []
    for at, told in enumerate(columns.text(name, required=required, longest=20)):
        digits = (told or "").replace("-", "").replace(" ", "")
        if told and (not digits.isascii() or not digits.isdigit() or len(digits) not in (13, 14)):
            columns.reject(at, name, repr(told), "thirteen digits, with or without a check digit")
            digits = ""
        elif len(digits) == 14 and not is_check_digit(digits[:13], digits[13]):
            columns.reject(at, name, f"check digit {digits[13]}", f"{int(digits[:13]) % 7}")
            digits = ""
        found.append(digits[:13] or None)
    return found


def is_check_digit(number: str, digit: str) -> bool:
    """Whether this is the remainder by seven, of the whole number or of its serial part; nine says that there is none.

    Carriers differ in whether the three digits of the airline count.
    """
    return digit == "9" or int(digit) in (int(number) % 7, int(number[3:]) % 7)


def codes_of(columns: Columns, name: str, shortest: int, longest: int, *, required: bool = False) -> list[str | None]:
    """Letters and digits of a code in upper case."""
    values = columns.text(name, required=required)
    for at, value in enumerate(values):
        if value and not (shortest <= len(value) <= longest and value.isalnum() and value.isascii()):
            columns.reject(at, name, repr(value[:20]), f"a code of {longest} letters")
    return [value.upper() if value else None for value in values]
