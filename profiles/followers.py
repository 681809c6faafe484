"""Who follows when people are merged or split: what others derived about a customer, joined by `iaros.wiring`.

Nothing here knows features, segments or offers; whoever derives them says how they are brought up to date, in which
tables they stand, and how they read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from iaros.lib.undo import Owned

# what kind of thing (segments, scores) -> its name -> how it reads now
Standing = Mapping[str, Mapping[str, str]]


class Follower(Protocol):
    """What is derived about customers to the right of their profiles."""

    name: str
    tables: Sequence[Owned]  # in which it stands

    def follow(self, customer_ids: Sequence[UUID]) -> None:
        """Derive it anew for these customers, from their facts and profiles as they stand; who is gone loses it."""

    def standing(self, customer_ids: Sequence[UUID]) -> Mapping[UUID, Standing]:
        """How it stands for each of these customers."""

    def renewed_since(self, moment: datetime) -> bool:
        """Whether all customers' were derived anew since then, so that an earlier one would be outdated."""


_followers: dict[str, Follower] = {}


def connect(follower: Follower) -> None:
    """Join a follower; once more with the same name takes its place."""
    _followers[follower.name] = follower


def connected() -> list[Follower]:
    return list(_followers.values())


def tables() -> list[Owned]:
    return [table for follower in connected() for table in follower.tables]
