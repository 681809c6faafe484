"""Amounts in the airline's own currency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.conf import settings

from iaros.lib import copying


def in_base_currency(values: Any, currency: Sequence[str | None]) -> copying.Column:
    """Amounts in the airline's currency; NULL where there is no rate: an amount is never passed off as another."""
    amounts = np.asarray(values, dtype=np.int64)
    same = np.fromiter((c == settings.BASE_CURRENCY for c in currency), dtype=bool, count=len(currency))
    return copying.nullable(copying.bigints(amounts), same & (amounts >= 0))
