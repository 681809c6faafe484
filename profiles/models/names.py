"""How names are compared and found: without accents and case, by how they begin and by how they sound."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from privacy import encryption

# How many letters a beginning has. Who types five finds those of the first four, and they are compared when opened.
PREFIXES = (3, 4, 6)
_SOUNDS = {
    **dict.fromkeys("bpfv", "1"),
    **dict.fromkeys("cgjkqsxz", "2"),
    **dict.fromkeys("dt", "3"),
    "l": "4",
    **dict.fromkeys("mn", "5"),
    "r": "6",
}
_LETTERS = str.maketrans(
    {"ø": "o", "Ø": "O", "ß": "ss", "æ": "ae", "Æ": "AE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"}
)
# How one letter is written with the letters that a telex has (ICAO Doc 9303-3, section 6), where it is not dropped.
_DIGRAPHS = (("aa", "a"), ("ae", "a"), ("oe", "o"), ("ue", "u"))


@lru_cache(maxsize=100_000)
def folded(name: str) -> str:
    """A name without accents, case, spaces and marks: how two spellings are compared."""
    decomposed = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(c for c in decomposed if c.isalpha() and not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=100_000)
def telexed(name: str) -> str:
    """A folded name in which `ø`, `oe` and `o` are one letter: SOERENSEN, SORENSEN and Sørensen are one name."""
    plain = folded(name)
    for two, one in _DIGRAPHS:
        plain = plain.replace(two, one)
    return plain


@lru_cache(maxsize=100_000)
def phonetic(name: str) -> str:
    """The American Soundex code of a name (National Archives rules), empty for an empty one."""
    letters = folded(name)
    if not letters:
        return ""
    code, last = letters[0], _SOUNDS.get(letters[0], "")
    for letter in letters[1:]:
        sound = _SOUNDS.get(letter, "")
        if sound and sound != last:
            code += sound
        if letter not in "hw":
            last = sound
    return (code + "000")[:4]


@lru_cache(maxsize=50_000)
def _words(surname: str) -> tuple[str, ...]:
    plain = folded(surname)
    prefixes = (f"p:{plain[:letters]}" for letters in PREFIXES if letters < len(plain))
    return (f"s:{plain}", f"f:{phonetic(surname)}", *prefixes)


def prefix_of(typed: str) -> str:
    """The longest beginning of what was typed by which names are kept; at least three letters were."""
    return typed[: max(letters for letters in PREFIXES if letters <= len(typed))]


def search_words(surname: str) -> tuple[str, ...]:
    """By what a surname is found: itself, how it sounds, and its beginnings from three letters on."""
    return _words(surname) if folded(surname) else ()


def hashed(words: Sequence[str]) -> list[int]:
    """The words as keyed hashes, cut to eight bytes: a hit is decrypted and checked before it is shown."""
    return [int.from_bytes(key[:8], "big", signed=True) for key in encryption.lookup_keys("search", words)]
