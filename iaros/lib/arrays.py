"""Columns as array literals of PostgreSQL, for `unnest`: adapting a list of UUID objects one by one takes far longer.

For a handful of rows it also saves the temporary table and its ways to the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID


def of_uuids(ids: Iterable[UUID]) -> str:
    """`uuid[]`."""
    return "{" + ",".join([each.bytes.hex() for each in ids]) + "}"


def of_buckets(ids: Iterable[UUID]) -> str:
    """`smallint[]`: the bucket of each id."""
    return "{" + ",".join([str(each.bytes[15]) for each in ids]) + "}"


def of_integers(values: Iterable[int]) -> str:
    """`smallint[]`, `integer[]` or `bigint[]`."""
    return "{" + ",".join([str(value) for value in values]) + "}"


def of_texts(values: Iterable[object]) -> str:
    """`text[]`, or an array of anything that is written as its text: numbers with a point, say."""
    return "{" + ",".join(['"' + str(each).replace("\\", r"\\").replace('"', r"\"") + '"' for each in values]) + "}"


def of_bytes(values: Sequence[bytes]) -> str:
    """`bytea[]`."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"
