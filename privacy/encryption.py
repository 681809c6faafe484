"""Keys and ciphers: what is personal is sealed here, and look-ups are keyed here.

The keys file lies outside the database: key-encryption keys by version, and one index key. A database
dump alone therefore opens nothing. Losing the file loses the personal data; see docs/privacy.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
NONCE_BYTES = 12
LOOKUP_BYTES = 16
RECORD_KEY_BYTES = 13
WRAPPED_KEY_BYTES = NONCE_BYTES + KEY_BYTES + 16
_FORMAT = b"\x01"


class CannotOpen(Exception):
    """The blob was not sealed under this key for this place: altered, moved, or another person's."""


@dataclass(frozen=True)
class Keys:
    """What the keys file holds; `inner` and `outer` are the index key's HMAC halves, ready to copy."""

    kek: Mapping[int, AESGCM]
    current_kek: int
    inner: Any
    outer: Any


class Sealer:
    """Seals and opens under one key.

    `aad` names the place (table, field, row), so that a blob copied elsewhere stays shut.
    """

    # The cipher is built when it is used and let go: thousands of sealers live in a batch, and keeping a
    # cipher's working memory for each costs more than building it.
    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return _FORMAT + nonce + AESGCM(self._key).encrypt(nonce, plaintext, aad)

    def open(self, blob: bytes | memoryview, aad: bytes) -> bytes:
        blob = bytes(blob)
        if blob[:1] != _FORMAT:
            raise CannotOpen("This blob has a format we do not know.")
        try:
            return AESGCM(self._key).decrypt(blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :], aad)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen("This blob was not sealed under this key for this place.") from error


def seal_many(sealer: Sealer, plaintexts: Sequence[bytes], aads: Sequence[bytes]) -> list[bytes]:
    """Seal a column under one key."""
    encrypt = AESGCM(sealer._key).encrypt
    rows = zip(_nonces(len(plaintexts)), plaintexts, aads, strict=True)
    return [_FORMAT + nonce + encrypt(nonce, plaintext, aad) for nonce, plaintext, aad in rows]


def seal_each(sealers: Sequence[Sealer], plaintexts: Sequence[bytes], aads: Sequence[bytes]) -> list[bytes]:
    """Seal a column whose rows each have a key of their own."""
    rows = zip(sealers, _nonces(len(plaintexts)), plaintexts, aads, strict=True)
    return [
        _FORMAT + nonce + AESGCM(sealer._key).encrypt(nonce, plaintext, aad) for sealer, nonce, plaintext, aad in rows
    ]


def lookup_keys(kind: str, values: Sequence[str]) -> list[bytes]:
    """Keyed look-up hashes of `values`, normalised by the caller; equal values of a kind have equal keys.

    HMAC-SHA256 under the index key, first 16 bytes. Whoever has the database but not the keys file
    cannot test a guess.
    """
    keys = current_keys()
    keyed = keys.inner.copy()
    keyed.update(kind.encode() + b"\0")
    inner, outer = keyed.copy, keys.outer.copy
    found = []
    for value in values:
        message, tag = inner(), outer()
        message.update(value.encode())
        tag.update(message.digest())
        found.append(tag.digest()[:LOOKUP_BYTES])
    return found


def record_keys(source: str, native_keys: Sequence[str]) -> list[bytes]:
    """Keyed hashes of the keys by which a source names its records, of 13 bytes: the first is the record's bucket.

    They are compared within their source only, and 104 bits tell a trillion records apart; with the bucket beside it
    an entry of an index is 8 bytes shorter than by one byte more.
    """
    return [key[:RECORD_KEY_BYTES] for key in lookup_keys(f"record:{source}", native_keys)]


def wrap_new_keys(owners: Sequence[bytes]) -> tuple[list[bytes], list[bytes], int]:
    """A fresh key for each owner: (keys, wrapped keys, version of the wrapping key), in the owners' order."""
    keys = current_keys()
    wrap = keys.kek[keys.current_kek].encrypt
    fresh = os.urandom(KEY_BYTES * len(owners))
    plain = [fresh[at : at + KEY_BYTES] for at in range(0, len(fresh), KEY_BYTES)]
    nonces = _nonces(len(owners))
    wrapped = [nonce + wrap(nonce, key, owner) for nonce, key, owner in zip(nonces, plain, owners, strict=True)]
    return plain, wrapped, keys.current_kek


def unwrap_each(rows: Iterable[tuple[bytes, bytes, int]]) -> list[Sealer]:
    """Sealers for rows of (owner, wrapped key, version); a key moved to another owner's row does not open."""
    keys = current_keys().kek
    try:
        return [
            Sealer(keys[version].decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], owner))
            for owner, wrapped, version in rows
        ]
    except KeyError as error:
        raise ImproperlyConfigured(f"The keys file has no key-encryption key of version {error}.") from error
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("This key was not wrapped for this owner.") from error


def current_keys() -> Keys:
    """The keys in use. A changed file is read again, so a new wrapping key needs no restart."""
    path = Path(settings.KEYS_FILE)
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError as error:
        raise ImproperlyConfigured(_missing(path)) from error
    return _read(str(path), changed_ns)


def write_new_keys(path: Path) -> Path:
    """Write a keys file readable by its owner alone; an existing file is never touched."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"kek": {"1": _random_key()}, "current_kek": 1, "index_key": _random_key()}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return path


def check_keys_file(**_: Any) -> list[checks.CheckMessage]:
    """System check: without its keys the platform can neither read nor write a person."""
    try:
        current_keys()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="privacy.E001")]
    return []


@lru_cache(maxsize=4)
def _read(path: str, changed_ns: int) -> Keys:
    try:
        document = json.loads(Path(path).read_text())
        kek = {int(version): AESGCM(_decoded(key)) for version, key in document["kek"].items()}
        current, index_key = int(document["current_kek"]), _decoded(document["index_key"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ImproperlyConfigured(f"The keys file {path} cannot be read as keys: {error!r}.") from error
    if current not in kek:
        raise ImproperlyConfigured(f"The keys file {path} names key {current} as current but does not hold it.")
    return Keys(kek=kek, current_kek=current, inner=_half(index_key, 0x36), outer=_half(index_key, 0x5C))


def _half(key: bytes, pad: int) -> Any:
    # HMAC is SHA-256 over the padded key and the text, twice. Copying a hash that has already taken the
    # padded key in costs a third of hmac.digest, which takes it in again for every value.
    return hashlib.sha256(bytes(byte ^ pad for byte in key.ljust(64, b"\0")))


def _decoded(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {len(key)} bytes, not {KEY_BYTES}")
    return key


def _random_key() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _nonces(count: int) -> Iterator[bytes]:
    drawn = os.urandom(NONCE_BYTES * count)
    return (drawn[at : at + NONCE_BYTES] for at in range(0, len(drawn), NONCE_BYTES))


def _missing(path: Path) -> str:
    return (
        f"There is no keys file at {path}. It holds the keys to every customer's data and is never made anew "
        "over an existing database: restore it from your backup, or for a new installation run "
        "`manage.py new_keys`."
    )
