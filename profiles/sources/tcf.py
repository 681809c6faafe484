"""Reads what a visitor chose: the TC string of the IAB (TCF version 2), and the head of a GPP string.

After the IAB Tech Lab's "Consent string and vendor list formats v2" and "Global Privacy Platform". Fields stand bit by
bit in base64url without padding. Nothing is looked up: vendors are numbers here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

VERSION, GPP_TYPE, GPP_VERSION = 2, 3, 1
PURPOSES, FEATURES = 24, 12
TCF_EU_SECTION = 2
_DISCLOSED, _PUBLISHER = 1, 3
_LONGEST, _MOST_VENDORS = 100_000, 65_535
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_ALPHABET = {c: i for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")}


class MalformedString(ValueError):
    """The string is not what it says it is; tells what was found and what was expected."""


@dataclass(frozen=True)
class TcString:
    """A decoded TC string. Purposes, features and vendors are the numbers that were agreed to.

    `legitimate_interests` are purposes for which it was established and not objected to.
    """

    created_at: datetime
    updated_at: datetime
    cmp_id: int
    cmp_version: int
    screen: int
    language: str
    vendor_list_version: int
    policy_version: int
    is_service_specific: bool
    special_features: frozenset[int]
    purposes: frozenset[int]
    legitimate_interests: frozenset[int]
    publisher_country: str
    vendors: frozenset[int]
    vendor_interests: frozenset[int]
    disclosed_vendors: frozenset[int] | None = None
    publisher_purposes: frozenset[int] | None = None
    publisher_interests: frozenset[int] | None = None


@dataclass(frozen=True)
class GppString:
    """The head of a GPP string: which sections there are, and each as it stands."""

    sections: dict[int, str]


class _Bits:
    """The bits of one segment, read from the left."""

    def __init__(self, text: str, what: str) -> None:
        if len(text) > _LONGEST or not _BASE64URL.fullmatch(text):
            wrong = next((c for c in text if c not in _ALPHABET), "")
            shown = f"{wrong!r}" if wrong else f"{len(text):,} characters"
            raise MalformedString(f"{what}: {shown}; expected base64url")
        self._number, self._length = 0, 6 * len(text)
        for letter in text:
            self._number = self._number << 6 | _ALPHABET[letter]
        self._at, self._what = 0, what

    def whole(self, bits: int) -> int:
        if self._at + bits > self._length:
            raise MalformedString(f"{self._what}: ends after {self._length} bits; expected at least {self._at + bits}")
        self._at += bits
        return self._number >> self._length - self._at & (1 << bits) - 1

    def flag(self) -> bool:
        return bool(self.whole(1))

    def chosen(self, count: int) -> frozenset[int]:
        """The places, from 1, of the bits that are set among the next `count`."""
        bits = f"{self.whole(count):0{count}b}" if count else ""
        return frozenset(place for place, bit in enumerate(bits, 1) if bit == "1")

    def letters(self) -> str:
        pair = (self.whole(6), self.whole(6))
        if max(pair) > 25:
            raise MalformedString(f"{self._what}: {pair} for two letters; expected A to Z")
        return "".join(chr(ord("A") + place) for place in pair)

    def moment(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=100 * self.whole(36))

    def fibonacci(self) -> int:
        """A number from 1 in Fibonacci code: it ends with two set bits."""
        value, this, following, last = 0, 1, 2, False
        while True:
            bit = self.flag()
            if bit and last:
                return value
            value += this * bit
            this, following, last = following, this + following, bit

    def vendors(self) -> frozenset[int]:
        """Vendors as a field of bits or as ranges."""
        highest = self.whole(16)
        if not self.flag():
            return self.chosen(highest)
        return self.ranges(highest)

    def ranges(self, highest: int) -> frozenset[int]:
        found: set[int] = set()
        for _ in range(self.whole(12)):
            is_range, first = self.flag(), self.whole(16)
            last = self.whole(16) if is_range else first
            if not 1 <= first <= last <= highest:
                raise MalformedString(f"{self._what}: vendors {first} to {last}; expected 1 to {highest}")
            found.update(range(first, last + 1))
        return frozenset(found)


@lru_cache(maxsize=10_000)
def decode(text: str) -> TcString:
    """Read a TC string of version 2. Raises MalformedString."""
    core, *others = text.strip().split(".")
    bits = _Bits(core, "core segment")
    version = bits.whole(6)
    if version != VERSION:
        raise MalformedString(f"version {version}; expected version {VERSION}")
    created, updated, cmp_id, cmp_version, screen = (
        *(bits.moment(), bits.moment(), bits.whole(12)),
        *(bits.whole(12), bits.whole(6)),
    )
    language, list_version, policy = bits.letters(), bits.whole(12), bits.whole(6)
    service_specific, _ = bits.flag(), bits.flag()
    features, purposes, interests = bits.chosen(FEATURES), bits.chosen(PURPOSES), bits.chosen(PURPOSES)
    bits.flag()  # whether purpose 1 was asked at all
    country, vendors, vendor_interests = bits.letters(), bits.vendors(), bits.vendors()
    disclosed, publisher = None, None
    for segment in others:
        part = _Bits(segment, "segment")
        kind = part.whole(3)
        if kind == _DISCLOSED:
            disclosed = part.vendors()
        elif kind == _PUBLISHER:
            publisher = (part.chosen(PURPOSES), part.chosen(PURPOSES))
    return TcString(
        *(created, updated, cmp_id, cmp_version, screen, language, list_version, policy, service_specific),
        *(features, purposes, interests, country, vendors, vendor_interests),
        disclosed_vendors=disclosed,
        publisher_purposes=publisher[0] if publisher else None,
        publisher_interests=publisher[1] if publisher else None,
    )


def decode_gpp(text: str) -> GppString:
    """Read the head of a GPP string and part its sections. Raises MalformedString."""
    head, *sections = text.strip().split("~")
    bits = _Bits(head, "GPP header")
    kind, version = bits.whole(6), bits.whole(6)
    if (kind, version) != (GPP_TYPE, GPP_VERSION):
        raise MalformedString(f"GPP type {kind}, version {version}; expected type {GPP_TYPE}, version {GPP_VERSION}")
    numbers: list[int] = []
    last = 0
    for _ in range(bits.whole(12)):
        is_range = bits.flag()
        first = last + bits.fibonacci()
        last = first + bits.fibonacci() if is_range else first
        if last > _MOST_VENDORS or len(numbers) > _LONGEST:
            raise MalformedString(f"GPP section {last}; expected a section of the specification")
        numbers.extend(range(first, last + 1))
    if len(numbers) != len(sections):
        raise MalformedString(f"{len(sections)} GPP sections; expected {len(numbers)}, as its header says")
    return GppString(dict(zip(numbers, sections, strict=True)))
