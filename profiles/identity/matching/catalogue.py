"""Which comparisons there are: one row each, used where the records hold its columns."""

from __future__ import annotations

from collections.abc import Collection

from profiles.identity.matching.comparisons import Alike, Comparison, Crossed, CrossedAlike, Level, Same, Slips, Starts

_GIVEN_NAME = Comparison(
    "given_name",
    "given_name",
    (
        Level("same", Same("given_name"), 0.75, frequency="given_name"),
        Level("short form or other spelling", Same("given_root"), 0.05),
        Level("exchanged with the surname", Crossed("given_name", "surname"), 0.01),
        Level("one slip", Slips("given_name", 1), 0.08),
        Level("nearly the same", Alike("given_name", 0.92), 0.03),
        Level("begins the same", Starts("given_name"), 0.02),
        Level("one slip in the first name", Slips("given_root", 1), 0.01),
        Level("alike", Alike("given_name", 0.8), 0.04),
        Level("exchanged with the surname, nearly", CrossedAlike("given_name", "surname", 0.8), 0.005),
    ),
    needs=("given_root", "surname"),
)
_SURNAME = Comparison(
    "surname",
    "surname",
    (
        Level("same", Same("surname"), 0.75, frequency="surname"),
        Level("exchanged with the given name", Crossed("surname", "given_name"), 0.01, neutral=True),
        Level("one slip", Slips("surname", 1), 0.08),
        Level("nearly the same", Alike("surname", 0.92), 0.03),
        Level("cut off, or one of two", Starts("surname", 4), 0.02),
        Level("alike", Alike("surname", 0.8), 0.04),
        Level("exchanged with the given name, nearly", CrossedAlike("surname", "given_name", 0.8), 0.005, neutral=True),
    ),
    needs=("given_name",),
)
_BIRTH_DATE = Comparison(
    "birth_date",
    "birth_date",
    (
        Level("same", Same("birth_date"), 0.85),
        Level("day and month exchanged", Crossed("birth_date", "birth_turned"), 0.01),
        Level("one slip", Slips("birth_date", 1), 0.07),
        Level("other day", Same("birth_month"), 0.02),
        Level("other month", Same("birth_year_day"), 0.005),
        Level("other year", Same("birth_day"), 0.005),
        Level("two slips", Slips("birth_date", 2), 0.02),
        Level("same year", Same("birth_year"), 0.01),
    ),
    needs=("birth_turned", "birth_year", "birth_month", "birth_day", "birth_year_day"),
)
_EMAIL = Comparison(
    "email",
    "email",
    (
        Level("same", Same("email"), 0.7),
        Level("same name at another provider", Same("email_name"), 0.05),
        Level("two slips", Slips("email", 2), 0.08),
        Level("names alike", Alike("email_name", 0.88), 0.05),
    ),
    needs=("email_name",),
)


def _number(name: str, same: float = 0.85) -> Comparison:
    return Comparison(
        name,
        name,
        (
            Level("same", Same(name), same),
            Level("one slip", Slips(name, 1), 0.07),
            Level("two slips", Slips(name, 2), 0.03),
        ),
    )


def _words(name: str, *, exchanged: str = "", second: bool = False) -> Comparison:
    crossed = (Level("exchanged", Crossed(name, exchanged), 0.01, neutral=second),) if exchanged else ()
    return Comparison(
        name,
        name,
        (
            Level("same", Same(name), 0.7, frequency=name),
            *crossed,
            Level("nearly the same", Alike(name, 0.92), 0.08),
            Level("alike", Alike(name, 0.8), 0.04),
        ),
        needs=(exchanged,) if exchanged else (),
    )


def _code(name: str, *, slip: bool) -> Comparison:
    slips = (Level("one slip", Slips(name, 1), 0.05),) if slip else ()
    return Comparison(name, name, (Level("same", Same(name), 0.8, frequency=name), *slips))


COMPARISONS: tuple[Comparison, ...] = (
    _GIVEN_NAME,
    _SURNAME,
    _BIRTH_DATE,
    _number("document"),
    _number("loyalty_number"),
    _EMAIL,
    _number("phone", 0.6),
    _code("street_number", slip=True),
    _words("street", exchanged="address_2"),
    _words("address_2", exchanged="street", second=True),
    _words("city"),
    _code("postal_code", slip=True),
    _code("region", slip=True),
    _code("country", slip=False),
    _code("gender", slip=False),
    _words("birth_place"),
    _words("occupation"),
)


def comparisons_for(columns: Collection[str]) -> list[Comparison]:
    """The comparisons whose column is among `columns`."""
    return [comparison for comparison in COMPARISONS if comparison.column in columns]
