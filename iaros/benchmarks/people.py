"""How well the live path says who is one person, and how often a published field is right: on a demo airline whose
truth is known, and is read when everything is decided."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow.parquet as pq
from django.db import connection

import profiles.pipeline
from iaros.benchmarks import decidable as could_be_told
from iaros.benchmarks import scratch
from iaros.demo import END_AT, world, write
from iaros.management.commands.load_demo import ORDER
from privacy import encryption, subjects
from profiles.golden.provenance import unpack
from profiles.identity.matching import measures, names
from profiles.models import LinkRule
from profiles.person_values import of_profile, unpacked
from profiles.sources.contract import PERSON_FIELDS

Say = Callable[[str], None]
# What says something of who somebody is beside a name.
_TELLING = ("email", "phone", "birth_date", "loyalty_number")
_NOT_OF_PEOPLE = frozenset(
    ("competitor_fares", "openflights_airports", "airports", "holidays", "weather", "demographics", "us_dot_fares")
)
_RECORDS_SQL = """
SELECT r.id, r.native_key, l.customer_id, l.rule, r.cipher, m.key_id
FROM profiles_sourcerecord r
JOIN profiles_message m ON m.id = r.message_id
LEFT JOIN profiles_link l ON l.record_id = r.id AND l.ended_at IS NULL
WHERE r.superseded_at IS NULL
"""
_SEATS_SQL = """
SELECT count(*) FROM (
    SELECT FROM profiles_passenger p WHERE p.customer_id IS NOT NULL
    GROUP BY p.booking_id, p.customer_id HAVING count(DISTINCT p.number) > 1
) twice
"""
_PROFILES_SQL = "SELECT p.id, p.cipher, p.provenance, (to_jsonb(p) - 'cipher')::text FROM profiles_profile p"
_FIELDS = ("given_name", "surname", "country", "home_airport")
_AT = [PERSON_FIELDS.index(name) for name in (*_TELLING, *_FIELDS)]
# From which confidence a value is published: the curve shows what each choice would cost.
_CUTS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


def measure(customers: int, seed: int, say: Say) -> dict[str, Any]:
    """Take a whole airline in, refresh the profiles, and compare with the truth."""
    with scratch.scratch() as folder:
        take_in(folder, customers, seed, say)
        certain = _linked(folder)
        say("comparing customers")
        stages = profiles.pipeline.refresh(as_of=END_AT)
        linked = _linked(folder)
        return {
            "customers": customers,
            "seed": seed,
            **_judged(linked, decidable=_named(folder)),
            "by_certain_keys_alone": _judged(certain),
            "bookings_with_one_person_on_two_seats": _on_two_seats(),
            "fields": _fields(linked, folder),
            "stages": [stage.as_dict() for stage in stages],
            **scratch.conditions(),
        }


def take_in(folder: Path, customers: int, seed: int, say: Say) -> None:
    """Draw a demo airline into `folder` and take in what tells of people."""
    say(f"drawing an airline of {customers:,} people")
    files = write.write(world.build(customers, seed), folder)
    for source in ORDER:
        if source not in _NOT_OF_PEOPLE:
            say(f"taking in {source}")
            profiles.pipeline.ingest(source, files[source])


def _linked(folder: Path) -> pd.DataFrame:
    """Every current mention whose person the truth knows: customer, rule, true person, what it tells.

    One that waits for somebody to be known by its key is of nobody, and counts as a customer of its own.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS_SQL)
        rows = cursor.fetchall()
    keys = subjects.landing_sealers({row[5] for row in rows})
    truth = _truth(folder)
    told = []
    for record, native, customer, rule, cipher, key in rows:
        person = truth.get(bytes(native))
        if person is None:
            continue
        sealed = cipher is not None and key in keys
        values = unpacked(keys[key].open(cipher, b"record:" + record.bytes)) if sealed else [None] * len(PERSON_FIELDS)
        told.append((str(record), str(customer or record), rule, person, *(values[at] for at in _AT)))
    return pd.DataFrame(told, columns=["record", "customer", "rule", "person", *_TELLING, *_FIELDS])


def _named(folder: Path) -> dict[int, tuple[str, str]]:
    """Given name and surname of each true person."""
    people = pq.read_table(folder / "truth" / "people.parquet", columns=["person", "given_name", "surname"]).to_pylist()
    return {row["person"]: (row["given_name"], row["surname"]) for row in people}


def _truth(folder: Path) -> dict[bytes, int]:
    mentions = pq.read_table(folder / "truth" / "mentions.parquet").to_pandas()
    found: dict[bytes, int] = {}
    for source, rows in mentions.groupby("source"):
        native = encryption.record_keys(source, rows["native_key"].astype(str).tolist())
        found.update(zip(native, rows["person"].tolist(), strict=True))
    return found


def _judged(linked: pd.DataFrame, decidable: dict[int, tuple[str, str]] | None = None) -> dict[str, Any]:
    """`named`: mentions with a name; the headline is of those that tell more than a name, as nothing could tell two
    namesakes apart who say nothing else. With `decidable`, names by person, how much of all could be told at all."""
    named = linked[linked["surname"].notna()]
    telling = named[named[list(_TELLING)].notna().any(axis=1)]
    return {
        **_pairwise(telling),
        "all_named_mentions": _pairwise(named)
        | ({"decidable": could_be_told.share(named, decidable)} if decidable else {}),
        "linked_by_weight": int((linked["rule"] == int(LinkRule.PROBABLE)).sum()),
    }


def _pairwise(rows: pd.DataFrame) -> dict[str, Any]:
    found, truth = (np.asarray(pd.factorize(rows[name])[0], dtype=np.int64) for name in ("customer", "person"))
    return {
        **measures.pairwise(found, truth).as_dict(),
        "wrong_pairs": _wrong(rows),
        "wrong_mentions_by_rule": _wrong_by_rule(rows),
        "mentions": len(rows),
        "found_people": int(rows["customer"].nunique()),
        "true_people": int(rows["person"].nunique()),
    }


def _wrong(rows: pd.DataFrame) -> int:
    def pairs(columns: list[str]) -> int:
        sizes = rows.groupby(columns).size()
        return int((sizes * (sizes - 1) // 2).sum())

    return pairs(["customer"]) - pairs(["customer", "person"])


def _wrong_by_rule(rows: pd.DataFrame) -> dict[str, int]:
    """Mentions that are not of the person most of their customer's mentions are of, by why they were linked."""
    whose = rows.groupby("customer")["person"].transform(lambda persons: persons.value_counts().index[0])
    wrong = rows.loc[(whose != rows["person"]) & rows["rule"].notna(), "rule"].astype(int)
    return {LinkRule(rule).label: count for rule, count in Counter(wrong.tolist()).items()}


def _on_two_seats() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_SEATS_SQL)
        return int(cursor.fetchone()[0])


def _fields(linked: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """Published values against the truth, by the confidence from which they are published."""
    table = pq.read_table(folder / "truth" / "people.parquet").to_pandas()
    people = {row["person"]: row for row in table.to_dict("records")}
    whose = linked.groupby("customer")["person"].agg(lambda persons: persons.value_counts().index[0]).to_dict()
    with connection.cursor() as cursor:
        cursor.execute(_PROFILES_SQL)
        rows = [(customer, *rest) for customer, *rest in cursor.fetchall() if str(customer) in whose]
    opened = subjects.sealers([row[0] for row in rows])
    told = {name: set(linked.loc[linked[name].notna(), "customer"]) for name in _JUDGES}
    judged: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    withheld: Counter[str] = Counter()
    for customer, cipher, provenance, clear in rows:
        if customer not in opened:
            continue
        true = people[whose[str(customer)]]
        values = dict(
            zip(
                PERSON_FIELDS,
                of_profile(opened[customer].open(cipher, b"profile:" + customer.bytes), orjson.loads(clear)),
                strict=False,
            )
        )
        origins = unpack(provenance)
        for name, is_right in _JUDGES.items():
            if not true[name]:
                continue
            if not (value := values.get(name)):
                withheld[name] += str(customer) in told[name]
            else:
                sure = origins[name].confidence if name in origins else 0.0
                judged[name].append((sure, is_right(value, str(true[name]))))
    judged["all"] = [each for name in _JUDGES for each in judged[name]]
    withheld["all"] = sum(withheld.values())
    return {name: _curve(each, len(each) + withheld[name]) for name, each in judged.items()}


def _same_given(value: str, spellings: str) -> bool:
    return names.root(value) in {names.root(each) for each in spellings.split("|")}


def _same_surname(value: str, spellings: str) -> bool:
    return names.surname(value) in {names.surname(each) for each in spellings.split("|")}


def _same_date(value: str, true: str) -> bool:
    return names.birth_date(value) == names.birth_date(true)


# Who enrolled twice gave a second address, which is theirs as well.
_JUDGES: dict[str, Callable[[str, str], bool]] = {
    "given_name": _same_given,
    "surname": _same_surname,
    "birth_date": _same_date,
    "email": lambda value, true: value.removeprefix("nv.") == true,
    "phone": lambda value, true: value in true.split("|"),
    "country": str.__eq__,
    "home_airport": str.__eq__,
}


def _curve(judged: list[tuple[float, bool]], told: int) -> list[dict[str, float]]:
    """`coverage`: of the `told` values, which are those published and those that are told and withheld."""
    sure, right = np.array([each for each, _ in judged]), np.array([each for _, each in judged], dtype=bool)
    curve = []
    for cut in _CUTS:
        published = sure >= cut
        if published.any():
            curve.append(
                {
                    "published_from": cut,
                    "coverage": round(float(published.sum()) / told, 4),
                    "correct": round(float(right[published].mean()), 5),
                    "values": int(published.sum()),
                }
            )
    return curve
