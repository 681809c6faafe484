"""The declaration of personal data: each field says why it is held, how delicate it is, how long, and how it goes.

A model either declares its personal fields or says why it has none; `tests/guards` fails where one does neither.
"""

from dataclasses import dataclass
from enum import StrEnum

from iaros.lib.purposes import Purpose

CEILING_DAYS = 2555


class Sensitivity(StrEnum):
    NORMAL = "normal"
    PSEUDONYM = "pseudonym"
    CONTACT = "contact"
    IDENTITY = "identity"
    SPECIAL = "special"
    DERIVED = "derived"


class Erase(StrEnum):
    """What erasure does to the field."""

    DELETE_ROW = "delete_row"
    NULL = "null"
    SHRED = "shred"
    KEEP_BY_LAW = "keep_by_law"


@dataclass(frozen=True)
class Personal:
    """One personal field. `retention_days` counts from the last activity of the person."""

    purpose: Purpose
    sensitivity: Sensitivity = Sensitivity.NORMAL
    retention_days: int = CEILING_DAYS
    erase: Erase = Erase.DELETE_ROW
    export: bool = True
