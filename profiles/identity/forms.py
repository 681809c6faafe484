"""What is said of customers, as the comparisons read it: the distinct forms in which the sources tell of each.

Sealed values are opened in memory only, of those who are compared and nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pandas as pd
from django.db import connection

from iaros.lib import arrays
from privacy import encryption
from profiles.identity import mentions
from profiles.identity.matching import cleaning
from profiles.models import IdentifierKind
from profiles.sources.contract import PERSON_FIELDS

# Of a frequent flyer a dozen forms tell all that a hundred bookings do.
MOST_FORMS = 12
COLUMNS = {
    "given_name": "given_name",
    "surname": "surname",
    "birth_date": "birth_date",
    "email": "email",
    "phone": "phone",
    "street": "address",
    "city": "city",
    "postal_code": "postal_code",
    "country": "country",
    "gender": "gender",
}
_RAW = (*dict.fromkeys(COLUMNS.values()), "title", "suffix")
_AT = [PERSON_FIELDS.index(name) for name in _RAW]
_GIVEN, _SURNAME, _SUFFIX = (_RAW.index(name) for name in ("given_name", "surname", "suffix"))
_TELLING = [_RAW.index(name) for name in ("birth_date", "email", "phone", "address")]
_SUFFIXES = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_BY_TITLE = {"mr": "m", "mstr": "m", "mrs": "f", "ms": "f", "miss": "f"}
_FIELDS = {IdentifierKind.EMAIL: "email", IdentifierKind.PHONE: "phone"}
_SHARED_SQL = "SELECT s.lookup, s.kind FROM profiles_sharedidentifier s WHERE s.lookup = ANY(%s::bytea[]) AND s.shared"


@dataclass(frozen=True)
class Forms:
    """`columns`: the distinct forms, as `matching.cleaning` makes them, a place a form. `spans`: by customer, which
    places are theirs, from and below. `suffix`: by customer, the suffixes they were given (junior, senior)."""

    columns: dict[str, list[str | None]]
    spans: dict[UUID, tuple[int, int]]
    suffix: dict[UUID, set[str]]

    @property
    def cleaned(self) -> pd.DataFrame:
        """The forms as a frame, from which weights are estimated; a column that nobody filled is absent."""
        held = {name: values for name, values in self.columns.items() if any(values)}
        return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in held.items()})


@dataclass
class Told:
    """The distinct raw forms (in the order of `_RAW`) in which customers are told of, the fullest ones first, read
    once however often a customer is compared."""

    forms: dict[UUID, list[tuple[str | None, ...]]] = field(default_factory=dict)

    def ask(self, customers: Sequence[UUID]) -> None:
        """Read what is said of those who were not asked about yet."""
        new = [customer for customer in customers if customer not in self.forms]
        told = mentions.told_of(new)
        for customer in new:
            said = {raw_form(each) for each in told.get(customer, ())}
            self.forms[customer] = sorted(said, key=_fullest_first)[:MOST_FORMS] if len(said) > 1 else list(said)

    def is_news(self, survivor: UUID, duplicate: UUID) -> bool:
        """Whether the duplicate is told of in any way in which the survivor is not."""
        return not set(self.forms.get(duplicate, ())) <= set(self.forms.get(survivor, ()))


def of(customers: Sequence[UUID], told: Told | None = None) -> Forms:
    """Every distinct form in which these customers are told of, the fullest ones first."""
    told = told if told is not None else Told()
    told.ask(customers)
    values: list[tuple[str | None, ...]] = []
    spans: dict[UUID, tuple[int, int]] = {}
    suffix: dict[UUID, set[str]] = {}
    for customer in customers:
        fullest = told.forms[customer]
        spans[customer] = (len(values), len(values) + len(fullest))
        suffix[customer] = {found for form in fullest if (found := _suffix(form))}
        values += fullest
    return Forms(clean(values), spans, suffix)


def clean(values: Sequence[Sequence[str | None]]) -> dict[str, list[str | None]]:
    """The cleaned columns of raw forms (in the order of `_RAW`), shared contacts left out; a place a form."""
    columns = list(zip(*values, strict=True)) if values else [() for _ in _RAW]
    raw: dict[str, Sequence[str | None]] = dict(zip(_RAW, columns, strict=True))
    raw["gender"] = [
        gender or _BY_TITLE.get((title or "").lower().strip(" ."))
        for gender, title in zip(raw["gender"], raw["title"], strict=True)
    ]
    nobodys = _shared({IdentifierKind.EMAIL: set(raw["email"]), IdentifierKind.PHONE: set(raw["phone"])})
    if nobodys:
        for name in ("email", "phone"):
            raw[name] = [None if (name, value) in nobodys else value for value in raw[name]]
    return cleaning.clean_values({name: raw[of] for name, of in COLUMNS.items()})


def _fullest_first(form: tuple[str | None, ...]) -> tuple[int, tuple[str, ...]]:
    return form.count(None), tuple(value or "" for value in form)


def _suffix(form: Sequence[str | None]) -> str:
    """Junior, senior or the third, as a field of its own or the last word of a name."""
    if told := form[_SUFFIX]:
        return _SUFFIXES.get(told.lower().strip(" ."), told.lower().strip(" ."))
    last = [(form[at] or "").lower().replace(".", " ").split()[-1:] for at in (_SURNAME, _GIVEN)]
    return next((_SUFFIXES[word] for words in last for word in words if word in _SUFFIXES), "")


def raw_form(values: Sequence[str | None]) -> tuple[str | None, ...]:
    """The part of a person's values that is compared."""
    return tuple(values[at] for at in _AT)


def tells(form: Sequence[str | None]) -> bool:
    """Whether a raw form says anything that namesakes do not share."""
    return any(form[at] for at in _TELLING)


def _shared(told: Mapping[IdentifierKind, set[str | None]]) -> set[tuple[str, str]]:
    """Those of the values, with the field they stand in, that more unrelated people carry than may."""
    values = [(kind, value) for kind, each in told.items() for value in sorted(v for v in each if v)]
    lookups = [
        key
        for kind, each in told.items()
        for key in encryption.lookup_keys(kind.keyed_as, sorted(v for v in each if v))
    ]
    if not lookups:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_SHARED_SQL, [arrays.of_bytes(lookups)])
        gone = {(kind, bytes(lookup)) for lookup, kind in cursor.fetchall()}
    found = zip(values, lookups, strict=True) if gone else ()
    return {(_FIELDS[kind], value) for (kind, value), lookup in found if (int(kind), lookup) in gone}
