"""What forbids that two customers are one, whatever the sum of weights: the rules of an airline.

Two passengers of one booking are two people. A child is not the adult of its name. Who was born on another day, is of
another sex, is called junior where the other is senior, or travels on other passports is somebody else, or somebody to
be looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from iaros.lib import arrays, staging
from profiles.identity import review
from profiles.models import IdentifierKind

_SEATS_SQL = """
SELECT w.id, p.booking_id, p.number, p.passenger_type, b.departs_at::date
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS w (bucket, id)
CROSS JOIN LATERAL (
    SELECT s.booking_id, s.number, s.passenger_type FROM profiles_passenger s
    WHERE s.bucket = w.bucket AND s.customer_id = w.id OFFSET 0
) p
JOIN profiles_booking b ON b.bucket = get_byte(uuid_send(p.booking_id), 15) AND b.id = p.booking_id
"""
_PASSPORTS_SQL = """
SELECT i.customer_id, i.lookup FROM unnest(%(ids)s::uuid[]) AS w (id)
JOIN profiles_identifier i ON i.customer_id = w.id AND i.kind = %(kind)s
"""
# How old who travels as what may be, in years, with some slack for birthdays on the way.
_AGES = {"INF": (0.0, 2.6), "CHD": (1.4, 13.0), "ADT": (11.0, 120.0)}
_YEAR = 365.25


@dataclass
class Facts:
    """What is known of one customer beside what the sources call them."""

    seats: dict[UUID, set[int]] = field(default_factory=lambda: defaultdict(set))
    passports: set[bytes] = field(default_factory=set)
    born_after: float = -np.inf
    born_before: float = np.inf

    def travelled_as(self, kind: str, day: date) -> None:
        youngest, oldest = _AGES.get(kind, (0.0, 130.0))
        self.born_after = max(self.born_after, day.toordinal() - oldest * _YEAR)
        self.born_before = min(self.born_before, day.toordinal() - youngest * _YEAR)


@dataclass
class Known:
    """The facts of the customers that were asked about, and which pairs of them somebody said are two people."""

    facts: dict[UUID, Facts] = field(default_factory=lambda: defaultdict(Facts))
    rejected: set[tuple[UUID, UUID]] = field(default_factory=set)
    asked: set[UUID] = field(default_factory=set)

    @classmethod
    def of(cls, customers: Iterable[UUID]) -> Known:
        known = cls()
        known.ask(customers)
        return known

    def ask(self, customers: Iterable[UUID]) -> None:
        """Read what is known of those who were not asked about yet."""
        new = sorted(set(customers) - self.asked)
        if not new:
            return
        self.asked.update(new)
        wanted: dict[str, Any] = {"buckets": arrays.of_buckets(new), "ids": arrays.of_uuids(new)}
        with connection.cursor() as cursor:
            staging.prefer_index_lookups(cursor)
            cursor.execute(_SEATS_SQL, wanted)
            for customer, booking, number, kind, day in cursor.fetchall():
                self.facts[customer].seats[booking].add(number)
                self.facts[customer].travelled_as(kind, day)
            cursor.execute(_PASSPORTS_SQL, wanted | {"kind": int(IdentifierKind.PASSPORT)})
            for customer, lookup in cursor.fetchall():
                self.facts[customer].passports.add(bytes(lookup))
        self.rejected |= review.rejected_among(new)

    def forbidden(self, one: UUID, other: UUID) -> str:
        """Why the two are never one, or nothing: nobody needs to look at such a pair."""
        if (min(one, other), max(one, other)) in self.rejected:
            return "somebody said that they are two"
        return "two passengers of one booking" if self.on_two_seats([one], [other]) else ""

    def on_two_seats(self, one: Iterable[UUID], other: Iterable[UUID]) -> bool:
        """Whether two groups hold different seats of one booking."""
        taken: dict[UUID, set[int]] = defaultdict(set)
        for customer in one:
            for booking, numbers in self._seats(customer).items():
                taken[booking] |= numbers
        return any(
            booking in taken and taken[booking] != numbers
            for customer in other
            for booking, numbers in self._seats(customer).items()
        )

    def travelled(self, customer: UUID) -> bool:
        return bool(self._seats(customer))

    def _seats(self, customer: UUID) -> dict[UUID, set[int]]:
        facts = self.facts.get(customer)
        return facts.seats if facts else {}

    def doubtful(self, one: UUID, other: UUID, births: Iterable[str | None]) -> str:
        """What speaks against the two though a person may know better, or nothing. `births`: their dates, YYYYMMDD."""
        mine, theirs = self.facts.get(one, Facts()), self.facts.get(other, Facts())
        if mine.passports and theirs.passports and not mine.passports & theirs.passports:
            return "other passports"
        days = [day.toordinal() for text in births if text and (day := _day(text))]
        after = max([mine.born_after, theirs.born_after, *days])
        before = min([mine.born_before, theirs.born_before, *days])
        # Dates that differ by a slip are no contradiction here: how they compare is for the weights to say.
        slack = max(days) - min(days) if days else 0
        return "a child and an adult" if after - slack > before else ""


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
