"""Columns that Django has no name for."""

from __future__ import annotations

from typing import Any

from django.db import models

from iaros.lib.purposes import PURPOSE_NUMBERS, Purpose

_PURPOSES = {number: purpose for purpose, number in PURPOSE_NUMBERS.items()}


class RealField(models.FloatField):
    """A number of four bytes: seven digits, enough for a share or a score."""

    def db_type(self, connection: Any) -> str:
        return "real"


class PurposeField(models.SmallIntegerField):
    """A purpose, stored as its number."""

    def from_db_value(self, value: int | None, *_: Any) -> Purpose | None:
        return None if value is None else _PURPOSES[value]

    def to_python(self, value: Any) -> Purpose | None:
        return None if value is None else Purpose(value)

    def get_prep_value(self, value: Any) -> int | None:
        return None if value is None else PURPOSE_NUMBERS[Purpose(value)]
