"""How much of who is one person the files tell at all: of a passenger of whom nothing but a name is told, and who never
flies with anybody twice, nobody can say whose bookings are theirs.

Comes in: mentions with the customer that was found and the true person. Two found pieces of one person could be told
to be one where they share a contact, a birth date or a number, where they flew with the same person (and no namesake
of theirs did), or where one agency booked them one route. What no such ties reach is not decidable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from django.db import connection
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

LARGEST_PARTY = 9
_TOLD = ("email", "phone", "birth_date", "loyalty_number")
_SEATS_SQL = """
SELECT p.customer_id::text AS customer, p.booking_id::text AS booking, p.record_id::text AS record, b.party_size,
       b.agency, b.origin, b.destination
FROM profiles_passenger p
JOIN profiles_booking b ON b.bucket = get_byte(uuid_send(p.booking_id), 15) AND b.id = p.booking_id
WHERE p.customer_id IS NOT NULL
"""


def share(rows: pd.DataFrame, names: dict[int, tuple[str, str]]) -> dict[str, Any]:
    """Of the true pairs of these mentions (customer, person, record, what they tell), the share that is decidable, and
    how many of those were found. `names`: by person, given name and surname, to know namesakes by."""
    rows = rows.reset_index(drop=True)
    piece = pd.factorize(rows["customer"].astype(str) + "/" + rows["person"].astype(str))[0].astype(np.int64)
    whose: dict[int, int] = dict(zip(piece.tolist(), rows["person"].tolist(), strict=True))
    ties = [*_told(rows, piece), *_travelled(rows, piece, whose, names)]
    whole = _united(ties, piece, whose)
    found, true = (_pairs(rows["person"], labels) for labels in (piece, np.zeros(len(rows), dtype=np.int64)))
    decidable = _pairs(rows["person"], whole[piece])
    return {
        "share_of_true_pairs": round(decidable / max(true, 1), 6),
        "found_of_decidable": round(found / max(decidable, 1), 6),
    }


def _pairs(person: pd.Series, label: Iterable[int]) -> int:
    sizes = pd.DataFrame({"person": person.to_numpy(), "label": np.asarray(label)}).value_counts().to_numpy()
    return int((sizes * (sizes - 1) // 2).sum())


Tie = tuple[int, Hashable]  # a piece, and what it has in common with others of the same person


def _told(rows: pd.DataFrame, piece: np.ndarray) -> Iterable[Tie]:
    for name in _TOLD:
        held = rows[name].notna().to_numpy()
        values = rows.loc[held, name].astype(str).str.casefold().tolist()
        yield from {(int(at), (name, value)) for at, value in zip(piece[held], values, strict=True)}


def _travelled(
    rows: pd.DataFrame, piece: np.ndarray, whose: dict[int, int], names: dict[int, tuple[str, str]]
) -> Iterable[Tie]:
    with connection.cursor() as cursor:
        cursor.execute(_SEATS_SQL)
        seats = pd.DataFrame(cursor.fetchall(), columns=[each.name for each in cursor.description])
    of_record = dict(zip(rows["record"], piece.tolist(), strict=True))
    seats["piece"] = seats["record"].map(of_record)
    seats = seats[seats["piece"].notna()].astype({"piece": int})
    booked = seats[seats["agency"].notna()]
    for at, *route in booked[["piece", "agency", "origin", "destination"]].to_numpy().tolist():
        yield int(at), ("route", *route)
    together: dict[tuple[int, tuple[str, str]], set[int]] = defaultdict(set)  # companion and name: who bears it
    kept: list[tuple[int, int]] = []
    for _, party in seats[seats["party_size"].between(2, LARGEST_PARTY)].groupby("booking"):
        people = [(int(at), whose[int(at)]) for at in party["piece"]]
        for at, person in people:
            for _, other in people:
                if other != person:
                    together[other, names[person]].add(person)
                    kept.append((at, other))
    yield from {(at, ("with", other)) for at, other in kept if len(together[other, names[whose[at]]]) == 1}


def _united(ties: Iterable[Tie], piece: np.ndarray, whose: dict[int, int]) -> np.ndarray:
    """By piece, the number of what it hangs together with."""
    count = int(piece.max(initial=-1)) + 1
    pairs = [(at, (whose[at], common)) for at, common in ties]
    number = {tie: count + place for place, tie in enumerate(dict.fromkeys(tie for _, tie in pairs))}
    start, end = [at for at, _ in pairs], [number[tie] for _, tie in pairs]
    size = count + len(number)
    graph = coo_matrix((np.ones(len(start), dtype=np.int8), (start, end)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1][:count])
