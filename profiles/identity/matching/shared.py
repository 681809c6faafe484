"""Identifiers that more people carry than one person's may: an agency's address, a family's telephone, a number that a
source gives to everybody. They stop being evidence; names and dates then have to speak for themselves."""

from __future__ import annotations

import pandas as pd

from profiles.identity.matching import names

# By kind, how many people of different name and birth date may carry one value before it belongs to none of them.
LIMITS = {"document": 3, "loyalty_number": 3, "email": 4, "phone": 5}
_DEPENDENT = {"email": ("email_name",)}


def withdrawn(cleaned: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """The cleaned frame without shared identifiers, and by column how many values were shared."""
    people = _people(cleaned)
    found: dict[str, int] = {}
    for column, limit in LIMITS.items():
        if column not in cleaned or not people:
            continue
        held = pd.DataFrame({"value": cleaned[column], **people}).dropna(subset=["value"])
        counted = held.groupby("value", sort=False)[list(people)].nunique()
        shared = counted.index[counted.min(axis=1) > limit]
        if len(shared):
            found[column] = len(shared)
            cleaned = cleaned.copy()
            at = cleaned[column].isin(shared)
            cleaned.loc[at, [column, *(c for c in _DEPENDENT.get(column, ()) if c in cleaned)]] = None
    return cleaned, found


def _people(cleaned: pd.DataFrame) -> dict[str, pd.Series]:
    """What tells people apart: how their names sound, and when they were born."""
    apart: dict[str, pd.Series] = {}
    if "surname" in cleaned:
        known = {value: names.sound(value) for value in cleaned["surname"].dropna().unique()}
        initial = cleaned["given_root"].str[:1] if "given_root" in cleaned else pd.Series("", index=cleaned.index)
        apart["name"] = cleaned["surname"].map(known).astype(object).str.cat(initial.astype(object), na_rep="")
    elif "given_root" in cleaned:
        apart["name"] = cleaned["given_root"]
    if "birth_date" in cleaned and cleaned["birth_date"].notna().mean() > 0.5:
        apart["birth_date"] = cleaned["birth_date"]
    return apart
