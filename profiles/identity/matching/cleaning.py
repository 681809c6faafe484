"""Turns somebody's rows, or mentions of ours, into the cleaned frame that blocking and comparisons read.

Columns of the cleaned frame, each text or None: the `catalogue`'s columns, and beside them `given_root` (what a short
form stands for), `birth_turned` (day and month exchanged), `birth_year`, `birth_month` (with its year), `birth_day`
(with its month), `birth_year_day` (no month), `email_name` (before the @). A column nobody filled is absent. Names,
dates and contacts that say nothing are None already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from profiles.identity.matching import names

_CLEANERS: dict[str, Callable[[str], str | None]] = {
    "given_name": names.given_name,
    "surname": names.surname,
    "gender": names.gender,
    "email": names.email,
    "phone": names.phone,
    "document": names.number,
    "loyalty_number": names.number,
    "street_number": names.code,
    "street": names.words,
    "address_2": names.words,
    "city": names.words,
    "postal_code": names.code,
    "region": names.code,
    "country": names.code,
    "birth_place": names.words,
    "occupation": names.words,
}


def clean(frame: pd.DataFrame, columns: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """The cleaned frame of `frame`, whose columns are named by field of ours."""
    raw = {name: _joined(frame, list(wanted)) for name, wanted in columns.items()}
    _split_names(raw)
    for name, more in (("given_name", "middle_name"), ("surname", "surname_2")):
        if more in raw and name in raw:
            raw[name] = raw[name].str.cat(raw.pop(more), sep=" ", na_rep="").str.strip()
    cleaned = {name: _each(raw[name], cleaner) for name, cleaner in _CLEANERS.items() if name in raw}
    if "given_name" in raw:
        cleaned["given_root"] = _each(raw["given_name"], names.root)
    if "email" in cleaned:
        cleaned["email_name"] = _each(cleaned["email"], _before_at)
    dates = _birth_dates(raw)
    if dates is not None:
        cleaned["birth_date"] = dates
        cleaned |= {name: _each(dates, part) for name, part in _PARTS_OF_DATES.items()}
    held = {name: values for name, values in cleaned.items() if values.notna().any()}
    return pd.DataFrame(held, index=frame.index).reset_index(drop=True)


def clean_values(raw: Mapping[str, Sequence[str | None]]) -> dict[str, list[str | None]]:
    """The cleaned columns of mentions of ours, whose values are typed already; every column, filled or not.

    As `clean` makes them, without a frame: for one customer that would take longer than comparing them.
    """
    cleaned = {name: _mapped(raw[name], cleaner) for name, cleaner in _CLEANERS.items() if name in raw}
    cleaned["given_root"] = _mapped(raw["given_name"], names.root)
    cleaned["email_name"] = _mapped(cleaned["email"], _before_at)
    dates = cleaned["birth_date"] = _mapped(raw["birth_date"], names.birth_date)
    cleaned |= {name: _mapped(dates, part) for name, part in _PARTS_OF_DATES.items()}
    return cleaned


def _before_at(email: str) -> str:
    return email.partition("@")[0]


_PARTS_OF_DATES: dict[str, Callable[[str], str]] = {
    "birth_turned": lambda date: date[:4] + date[6:8] + date[4:6],
    "birth_year": lambda date: date[:4],
    "birth_month": lambda date: date[:6],
    "birth_day": lambda date: date[4:],
    "birth_year_day": lambda date: date[:4] + date[6:],
}


def _mapped(values: Sequence[str | None], step: Callable[[str], str | None]) -> list[str | None]:
    return [step(value) if value else None for value in values]


def _joined(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Several columns of one field are read one after the other."""
    parts = [frame[column].map(_text, na_action="ignore").astype(object) for column in columns]
    first = parts[0]
    for part in parts[1:]:
        first = first.fillna("").str.cat(part.fillna(""), sep=" ").str.strip()
    return first.where(first.notna() & (first != ""), None)


def _text(value: object) -> str:
    """Numbers read as floats because some are missing lose their `.0`."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _each(values: pd.Series, step: Callable[[str], str | None]) -> pd.Series:
    known = {value: step(value) for value in values.dropna().unique()}
    return pd.Series([known.get(value) for value in values], index=values.index, dtype=object)


def _split_names(raw: dict[str, pd.Series]) -> None:
    """A full name fills what given name and surname leave out."""
    if "full_name" not in raw:
        return
    halves = [names.split_full(value) if isinstance(value, str) else ("", "") for value in raw.pop("full_name")]
    for at, name in enumerate(("given_name", "surname")):
        found = pd.Series([half[at] or None for half in halves], dtype=object)
        raw[name] = raw[name].where(raw[name].notna(), found) if name in raw else found


def _birth_dates(raw: dict[str, pd.Series]) -> pd.Series | None:
    if "birth_date" in raw:
        texts = raw["birth_date"].dropna()
        parts = texts.str.extract(r"^\D*(\d{1,2})\D+(\d{1,2})\D").dropna().astype(int)
        # Days reach 31 and months do not: where the second number does, the month stands first.
        day_first = not ((parts[1] > 12).sum() > (parts[0] > 12).sum()) if len(parts) else True
        return _each(raw["birth_date"], lambda text: names.birth_date(text, day_first=day_first))
    pieces = [raw.get(name) for name in ("birth_year", "birth_month", "birth_day")]
    if any(piece is None for piece in pieces):
        return None
    together = pieces[0].str.zfill(4) + pieces[1].str.zfill(2) + pieces[2].str.zfill(2)  # type: ignore[union-attr]
    return _each(together.where(together.notna(), None), names.birth_date)
