"""What is said of customers, as the comparisons read it: the distinct forms in which the sources tell of each.

Sealed values are opened in memory only, of those who are compared and nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import pandas as pd
from django.db import connection
from numpy.typing import NDArray

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
_SUFFIXES = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_BY_TITLE = {"mr": "m", "mstr": "m", "mrs": "f", "ms": "f", "miss": "f"}
_SHARED_SQL = "SELECT s.lookup, s.kind FROM profiles_sharedidentifier s WHERE s.lookup = ANY(%s) AND s.shared"


@dataclass(frozen=True)
class Forms:
    """`cleaned`: the distinct forms, as `matching.cleaning` makes them. `rows`: by customer, which rows are theirs.
    `suffix`: by customer, the suffixes they were given (junior, senior)."""

    cleaned: pd.DataFrame
    rows: dict[UUID, NDArray[np.int64]]
    suffix: dict[UUID, set[str]]


def of(customers: Sequence[UUID]) -> Forms:
    """Every distinct form in which these customers are told of, the fullest ones first."""
    told = mentions.told_of(customers)
    owners, values = [], []
    for place, customer in enumerate(customers):
        said = {raw_form(each) for each in told.get(customer, ())}
        fullest = sorted(said, key=lambda form: (form.count(None), tuple(v or "" for v in form)))
        for form in fullest[:MOST_FORMS]:
            owners.append(place)
            values.append(form)
    cleaned = clean(values)
    rows = np.array(owners, dtype=np.int64)
    cuts = np.searchsorted(rows, np.arange(len(customers) + 1))
    suffixes = {
        customer: {suffix for at in range(low, high) if (suffix := _suffix(values[at]))}
        for customer, low, high in zip(customers, cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
    }
    spans = {c: np.arange(cuts[i], cuts[i + 1]) for i, c in enumerate(customers)}
    return Forms(cleaned, spans, suffixes)


def clean(values: Sequence[Sequence[str | None]]) -> pd.DataFrame:
    """The cleaned frame of raw forms (in the order of `_RAW`), shared contacts left out; a row a form."""
    columns = list(zip(*values, strict=True)) if values else [() for _ in _RAW]
    raw = {name: list(column) for name, column in zip(_RAW, columns, strict=True)}
    raw["gender"] = [
        gender or _BY_TITLE.get((title or "").lower().strip(" ."))
        for gender, title in zip(raw["gender"], raw["title"], strict=True)
    ]
    for column, kind in (("email", IdentifierKind.EMAIL), ("phone", IdentifierKind.PHONE)):
        nobodys = _shared(kind, {value for value in raw[column] if value})
        raw[column] = [None if value in nobodys else value for value in raw[column]]
    frame = pd.DataFrame({name: pd.Series(raw[of], dtype=object) for name, of in COLUMNS.items()})
    cleaned = cleaning.clean(frame, {name: [name] for name in COLUMNS})
    # One that nobody filled is still a column: what is compared does not depend on who is in the batch.
    return cleaned.reindex(range(len(values)))


def _suffix(form: Sequence[str | None]) -> str:
    """Junior, senior or the third, as a field of its own or the last word of a name."""
    if told := form[_SUFFIX]:
        return _SUFFIXES.get(told.lower().strip(" ."), told.lower().strip(" ."))
    last = [(form[at] or "").lower().replace(".", " ").split()[-1:] for at in (_SURNAME, _GIVEN)]
    return next((_SUFFIXES[word] for words in last for word in words if word in _SUFFIXES), "")


def raw_form(values: Sequence[str | None]) -> tuple[str | None, ...]:
    """The part of a person's values that is compared."""
    return tuple(values[at] for at in _AT)


def _shared(kind: IdentifierKind, values: set[str]) -> set[str]:
    """Those of the values that more unrelated people carry than may."""
    if not values:
        return set()
    ordered = sorted(values)
    lookups = encryption.lookup_keys(kind.keyed_as, ordered)
    with connection.cursor() as cursor:
        cursor.execute(_SHARED_SQL, [lookups])
        gone = {bytes(lookup) for lookup, of_kind in cursor.fetchall() if of_kind == kind}
    return {value for value, lookup in zip(ordered, lookups, strict=True) if lookup in gone}
