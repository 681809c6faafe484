"""Values in memory as COPY wants them for a field of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from django.db import models

from iaros.lib import copying
from iaros.lib.fields import RealField


def column_of(field: models.Field[Any, Any], values: Any) -> copying.Column:
    """The values of a connector's column as COPY wants them for a model's field; None, NaN and NaT are NULL.

    No text is an empty one where the field has no NULL.
    """
    match field:
        case models.JSONField():
            return copying.jsonb(values)
        case models.CharField() | models.TextField():
            nothing = None if field.null else ""
            return copying.texts([nothing if v is None else str(v) for v in values])
        case models.BooleanField():
            present = np.array([v is not None for v in values], dtype=bool)
            return copying.nullable(copying.booleans([bool(v) for v in values]), present)
        case models.DateTimeField():
            return _moments(values, "us", copying.timestamps)
        case models.DateField():
            return _moments(values, "D", copying.dates)
        case RealField():
            return _numbers(values, np.float64, copying.reals)
        case models.FloatField():
            return _numbers(values, np.float64, copying.doubles)
        case models.SmallIntegerField():
            return _numbers(values, np.int64, copying.smallints)
        case models.BigIntegerField():
            return _numbers(values, np.int64, copying.bigints)
        case models.IntegerField():
            return _numbers(values, np.int64, copying.integers)
    raise TypeError(f"no COPY column for {field}")


def _moments(values: Any, unit: str, make: Callable[[Any], copying.Fixed]) -> copying.Column:
    column = np.asarray(values, dtype=f"datetime64[{unit}]")
    present = ~np.isnat(column)
    return copying.nullable(make(np.where(present, column, np.zeros((), dtype=column.dtype))), present)


def _numbers(values: Any, dtype: Any, make: Callable[[Any], copying.Fixed]) -> copying.Column:
    column = (
        np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        if not isinstance(values, np.ndarray)
        else values
    )
    present = ~np.isnan(column) if column.dtype.kind == "f" else np.ones(len(column), dtype=bool)
    return copying.nullable(make(np.where(present, column, 0).astype(dtype)), present)
