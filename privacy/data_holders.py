"""Who holds data about a person. Privacy knows no other app: each hands in its holder, joined in iaros/wiring.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from django.apps import apps
from django.db.models import Model


class DataHolder(Protocol):
    """One app's door for the rights of a person.

    `export` returns everything held, readable for the person; what the law keeps stands under "kept_by_law".
    `erase` deletes all the rest in the running transaction, tells how many rows by table, and does nothing
    when called again. After it, `export` is empty but for "kept_by_law".
    """

    name: str

    @property
    def models(self) -> Sequence[type[Model]]: ...

    def export(self, customer_id: UUID) -> dict[str, Any]: ...

    def erase(self, customer_ids: Sequence[UUID]) -> dict[str, int]: ...


class Locator(Protocol):
    """Finds the whole person before anything is deleted; the app that resolves identities hands it in."""

    def customers(self, customer_id: UUID) -> list[UUID]:
        """Every id of the person: the customer and those folded into it."""

    def lookups(self, customer_ids: Sequence[UUID]) -> list[bytes]:
        """Look-up hashes that identify this person alone; a shared address would shut out those who share it."""


_holders: dict[str, DataHolder] = {}
_locators: list[Locator] = []


def connect(holder: DataHolder) -> None:
    """Join a holder; a second one of the same name takes the place of the first."""
    _holders[holder.name] = holder


def disconnect(name: str) -> None:
    _holders.pop(name, None)


def connected() -> list[DataHolder]:
    """The holders in wiring order: upstream first, so erasure walks them backwards."""
    return list(_holders.values())


def connect_locator(locator: Locator | None) -> None:
    """Join the one locator; the last one counts."""
    _locators[:] = [locator] if locator else []


def locator() -> Locator | None:
    return _locators[0] if _locators else None


def missing() -> list[str]:
    """Models with personal fields that no connected holder covers. While there is one, erasure would be a lie."""
    covered = {model for holder in connected() for model in holder.models}
    personal = {model for model in apps.get_models() if getattr(model, "personal_data", None)}
    return sorted(model._meta.label for model in personal - covered)
