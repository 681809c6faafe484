"""Identifiers: UUID version 7 (RFC 9562), made here so that any PostgreSQL from 15 on will do.

The last byte of a customer's id is the bucket, 0 to 255, by which every big table is divided.
"""

import os
import time
import uuid

import numpy as np
from numpy.typing import NDArray

BUCKETS = 256


def uuid7_block(n: int, at_ms: int | None = None) -> NDArray[np.uint8]:
    """Return `n` new identifiers as an array of shape (n, 16), in ascending order, random below the millisecond."""
    block = np.frombuffer(os.urandom(16 * n), dtype=np.uint8).reshape(n, 16).copy()
    stamp = (at_ms if at_ms is not None else time.time_ns() // 1_000_000).to_bytes(6, "big")
    block[:, :6] = np.frombuffer(stamp, dtype=np.uint8)
    block[:, 6] = (block[:, 6] & 0x0F) | 0x70
    block[:, 8] = (block[:, 8] & 0x3F) | 0x80
    return block[ascending(block)]


def ascending(block: NDArray[np.uint8], *, by_bucket: bool = False) -> NDArray[np.int64]:
    """The order that sorts identifiers of shape (n, 16), by their bucket first where wanted.

    Rows that arrive in the order of an index fill its pages; rows that do not leave a third of every page empty.
    """
    halves = np.ascontiguousarray(block).view(">u8")
    keys = (halves[:, 1], halves[:, 0], block[:, 15]) if by_bucket else (halves[:, 1], halves[:, 0])
    return np.lexsort(keys)


def uuid7() -> uuid.UUID:
    """Return one new identifier."""
    raw = bytearray(os.urandom(16))
    raw[:6] = (time.time_ns() // 1_000_000).to_bytes(6, "big")
    raw[6] = (raw[6] & 0x0F) | 0x70
    raw[8] = (raw[8] & 0x3F) | 0x80
    return uuid.UUID(bytes=bytes(raw))


def numbers(n: int) -> NDArray[np.int64]:
    """`n` random numbers of 63 bits, ascending: they tell apart what nobody looks up by its number."""
    drawn = np.frombuffer(os.urandom(8 * n), dtype=np.int64) & np.int64(2**63 - 1)
    return np.sort(drawn)


def number() -> int:
    """One random number of 63 bits."""
    return int(numbers(1)[0])


def numbers_in_time(n: int) -> NDArray[np.int64]:
    """`n` numbers that ascend, in themselves and in time: above all made in an earlier millisecond."""
    return first_number(time.time()) + int.from_bytes(os.urandom(2), "big") + np.arange(n, dtype=np.int64)


def number_in_time() -> int:
    return int(numbers_in_time(1)[0])


def first_number(at: float) -> int:
    """The least number in time that is made from this moment on (seconds since 1970)."""
    return int(at * 1000) << 21


def bucket_of(identifier: uuid.UUID) -> int:
    return identifier.bytes[15]


def as_uuids(block: NDArray[np.uint8]) -> list[uuid.UUID]:
    raw = np.ascontiguousarray(block).tobytes()
    return [uuid.UUID(bytes=raw[i : i + 16]) for i in range(0, len(raw), 16)]


def as_block(identifiers: list[uuid.UUID]) -> NDArray[np.uint8]:
    """The identifiers as an array of shape (n, 16), the form in which COPY takes them."""
    return np.frombuffer(b"".join(i.bytes for i in identifiers), dtype=np.uint8).reshape(-1, 16)
