"""A name in one field, as customer systems keep it, taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

# Words that belong to the surname after them.
_PARTICLES = frozenset(
    ("af", "al", "av", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "la", "le", "ten",
     "ter", "van", "von", "zu")
)  # fmt: skip


@lru_cache(maxsize=50_000)
def apart(name: str | None) -> tuple[str | None, str | None]:
    """Given name and surname of `Ingrid Solheim`, `Solheim, Ingrid` or `Ludwig van Beethoven`.

    A single word is taken for a given name; what looks like an address is no name at all.
    """
    text = " ".join((name or "").split())
    if not text or "@" in text:
        return None, None
    surname, comma, given = text.partition(",")
    if comma:
        return given.strip() or None, surname.strip() or None
    words = text.split(" ")
    if len(words) == 1:
        return text, None
    cut = len(words) - 1
    while cut > 1 and words[cut - 1].casefold() in _PARTICLES:
        cut -= 1
    return " ".join(words[:cut]), " ".join(words[cut:])


def given_and_surname(
    given: Sequence[str | None], surname: Sequence[str | None], whole: Sequence[str | None]
) -> tuple[list[str | None], list[str | None]]:
    """Both columns; where a row has neither, the whole name taken apart."""
    rows = [(g, s) if g or s else apart(w) for g, s, w in zip(given, surname, whole, strict=True)]
    return [g for g, _ in rows], [s for _, s in rows]
