"""Which pairs are worth weighing: those that share a blocking key.

A key joins values of one or more cleaned columns. A block of more records than its cap says nothing and is left out:
a rare surname finds its few bearers by itself, a common one only together with something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from profiles.identity.matching import names

STRONG, WEAK = 300, 60
# So few records are all compared with each other.
ALL_PAIRS = 500_000


@dataclass(frozen=True)
class Key:
    """Values of `parts` together; `cap` is how many records may share them."""

    name: str
    parts: tuple[str, ...]
    cap: int = STRONG


KEYS: tuple[Key, ...] = (
    Key("document", ("document",)),
    Key("loyalty_number", ("loyalty_number",)),
    Key("email", ("email",)),
    Key("email_name", ("email_name",), WEAK),
    Key("phone", ("phone",)),
    Key("birth_date", ("birth_sorted",)),
    Key("names", ("names_sorted",)),
    Key("sound_initial", ("surname_sound", "given_initial"), WEAK),
    Key("surname", ("surname",), WEAK),
    Key("given_root", ("given_root",), WEAK),
    Key("given_born", ("given_root", "birth_year")),
    Key("surname_born", ("surname_sound", "birth_year")),
    Key("given_day", ("given_initial", "birth_day")),
    Key("surname_day", ("surname_sound", "birth_day")),
    Key("given_city", ("given_root", "city")),
    Key("surname_city", ("surname_sound", "city")),
    Key("given_post", ("given_root", "postal_code")),
    Key("surname_post", ("surname_sound", "postal_code")),
    Key("house", ("postal_code", "street_number")),
    Key("street", ("street",), WEAK),
    Key("street_house", ("street", "street_number")),
    Key("address_2", ("address_2",), WEAK),
    Key("born_post", ("birth_year", "postal_code"), WEAK),
    Key("initial_month", ("given_initial", "birth_month"), WEAK),
    Key("email_start", ("email_start",), WEAK),
)


def with_parts(cleaned: pd.DataFrame) -> pd.DataFrame:
    """The cleaned frame and what keys are made of beside it: how the surname sounds, the initial, the sorted date."""
    parts = cleaned.copy()
    if "surname" in cleaned:
        parts["surname_sound"] = _each(cleaned["surname"], names.sound)
    if "given_root" in cleaned:
        parts["given_initial"] = _each(cleaned["given_root"], lambda text: text[:1])
    if "birth_date" in cleaned:
        parts["birth_month"] = _each(cleaned["birth_date"], lambda text: text[:6])
        parts["birth_day"] = _each(cleaned["birth_date"], lambda text: text[4:])
        parts["birth_sorted"] = _each(
            cleaned["birth_date"], lambda text: text[:4] + min(text[4:6], text[6:]) + max(text[4:6], text[6:])
        )
    if "email" in cleaned:
        parts["email_start"] = _each(cleaned["email"], lambda text: text[:5])
    if {"given_name", "surname"} <= set(cleaned):
        both = zip(cleaned["given_name"], cleaned["surname"], strict=True)
        parts["names_sorted"] = pd.Series(
            [" ".join(sorted((a, b))) if isinstance(a, str) and isinstance(b, str) else None for a, b in both],
            dtype=object,
        )
    return parts


def _each(values: pd.Series, step) -> pd.Series:  # type: ignore[no-untyped-def]
    known = {value: step(value) for value in values.dropna().unique()}
    return pd.Series([known.get(value) for value in values], dtype=object)


def keys_for(parts: pd.DataFrame) -> Iterator[tuple[Key, NDArray[np.int64]]]:
    """For each key the records can have, a number a record that is equal where the key is; -1 where it has none."""
    for key in KEYS:
        if not set(key.parts) <= set(parts.columns):
            continue
        number = np.zeros(len(parts), dtype=np.int64)
        held = np.ones(len(parts), dtype=bool)
        for part in key.parts:
            codes, distinct = pd.factorize(parts[part])
            held &= codes >= 0
            _, number = np.unique(number * (len(distinct) + 1) + codes, return_inverse=True)
        yield key, np.where(held, number, -1)


def candidates(cleaned: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs to be weighed, each once, the earlier row first."""
    size = len(cleaned)
    if size * (size - 1) // 2 <= ALL_PAIRS:
        left, right = np.triu_indices(size, 1)
        return left.astype(np.int64), right.astype(np.int64)
    found = [_within(number, key.cap) for key, number in keys_for(with_parts(cleaned))]
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    together = np.unique(np.concatenate([left * size + right for left, right in found]))
    return together // size, together % size


def _within(number: NDArray[np.int64], cap: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs of rows with the same number, in groups of at most `cap`."""
    rows = np.flatnonzero(number >= 0)
    counts = np.bincount(number[rows]) if len(rows) else np.zeros(0, dtype=np.int64)
    rows = rows[(counts[number[rows]] > 1) & (counts[number[rows]] <= cap)]
    rows = rows[np.argsort(number[rows], kind="stable")]
    same, left, right = number[rows], [], []
    at = np.arange(len(rows))
    for step in range(1, cap):
        at = at[at + step < len(rows)]
        at = at[same[at] == same[at + step]]
        if not len(at):
            break
        left.append(rows[at])
        right.append(rows[at + step])
    if not left:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(left), np.concatenate(right)
