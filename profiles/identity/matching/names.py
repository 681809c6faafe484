"""Makes what people write comparable: names without titles and marks, dates as eight digits, contacts as dialled.

A value that says nothing (a placeholder, emoji only, a date nobody was born on) becomes None: it is no evidence.
Nothing here refuses or raises; what cannot be read is missing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from profiles.models.names import phonetic, telexed
from profiles.nicknames import ROOTS

LONGEST = 60
TITLES = frozenset(
    [
        "mr", "mrs", "ms", "miss", "mstr", "chd", "inf", "dr", "prof", "sir", "dame", "lady", "lord", "rev",
        "hr", "frau", "herr", "fr", "mme", "mlle", "m", "sr", "sra", "srta", "sig", "dott", "ing", "mag", "jr",
        "sr", "ii", "iii", "iv", "phd", "md", "esq",
    ]
)  # fmt: skip
# A reservation system glues the title to the given name and cuts both at the length of the field.
_GLUED = re.compile(r"(?<=[A-Z]{2})(MR|MRS|MS|MISS|MSTR|CHD|INF|DR|PROF)$")
_PARTICLES = frozenset(
    [
        "de", "da", "di", "do", "dos", "das", "del", "della", "der", "den", "van", "von", "zu", "la", "le",
        "el", "al", "bin", "ibn", "ter", "ten",
    ]
)  # fmt: skip
_PLACEHOLDERS = frozenset(
    [
        "test", "tester", "testing", "unknown", "unbekannt", "none", "null", "na", "nan", "n", "a", "nn",
        "tba", "tbc", "xxx", "xx", "x", "anonymous", "anonym", "guest", "gast", "noname", "firstname",
        "lastname", "givenname", "surname", "vorname", "nachname", "name", "customer", "passenger", "pax",
        "dummy", "sample", "asdf", "qwerty",
    ]
)  # fmt: skip
_OTHER_ALPHABETS = (
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts "
    "ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=i є=ie ґ=g "
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps "
    "ω=o"
)
_OTHER_SCRIPTS = str.maketrans(dict(re.findall(r"(\w)=(\w*)", _OTHER_ALPHABETS)))
_DIGITS = re.compile(r"\d+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MONTHS = {
    name: f"{at:02}"
    for at, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
NOBODY_BORN = frozenset({"19000101", "19010101", "18991231", "19700101", "11111111", "99991231", "00010101"})
_NO_ADDRESS = re.compile(
    r"^(test|tests|tester|none|noone|nobody|noemail|nomail|no|na|noreply|no-reply|donotreply|email|mail|unknown"
    r"|anonymous|anonym|dummy|example|user|a|x|xx|xxx|abc|asdf)@|@(test|none|invalid|localhost)\.?[a-z]*$"
)


def plain(text: str) -> str:
    """Letters of other alphabets written in Latin ones, accents gone, in lower case, cut at a sensible length."""
    decomposed = unicodedata.normalize("NFKD", text[: 4 * LONGEST].lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_OTHER_SCRIPTS)


@lru_cache(maxsize=200_000)
def given_name(text: str) -> str | None:
    """`SEJOONMR`, `Se-Joon`, `Mr Se Joon` are `sejoon`."""
    raw = text.strip()
    if raw.isupper() and len(raw) > 4:
        raw = _GLUED.sub("", raw)
    return _name(raw)


@lru_cache(maxsize=200_000)
def surname(text: str) -> str | None:
    return _name(text.strip())


def _name(text: str) -> str | None:
    words = [word for word in re.split(r"[\s.,/_]+", plain(text)) if word]
    kept = [word for word in words if word not in TITLES] or words
    joined = telexed("".join(kept))[:LONGEST]
    # One letter repeated is what a form was filled with to get past it.
    if not joined or joined in _PLACEHOLDERS or (len(joined) > 2 and len(set(joined)) == 1):
        return None
    return joined


@lru_cache(maxsize=200_000)
def root(text: str) -> str | None:
    """The name a given name is short for, of its first word: `Bob James` is `robert`."""
    words = [word for word in re.split(r"[\s.,/_\-]+", plain(text)) if word and word not in TITLES]
    first = _name(words[0]) if words else None
    return ROOTS.get(first, first) if first else None


@lru_cache(maxsize=200_000)
def sound(name: str) -> str:
    """How a cleaned name sounds."""
    return phonetic(name)


def split_full(text: str) -> tuple[str, str]:
    """Given name and surname of a name in one field: `DOE/JANE MRS`, `Doe, Jane`, `Jane van Doe`."""
    for mark in ("/", ","):
        if mark in text:
            last, _, first = text.partition(mark)
            return first.strip(), last.strip()
    words = [word for word in text.split() if plain(word).strip(".") not in TITLES]
    if len(words) < 2:
        return "", " ".join(words)
    at = len(words) - 1
    while at > 1 and plain(words[at - 1]) in _PARTICLES:
        at -= 1
    return " ".join(words[:at]), " ".join(words[at:])


@lru_cache(maxsize=200_000)
def birth_date(text: str, *, day_first: bool = True) -> str | None:
    """`YYYYMMDD`, typing errors left as they are; None where no date can be read or nobody was born on it."""
    found = _eight_digits(text.strip(), day_first=day_first)
    return None if found is None or found in NOBODY_BORN or len(set(found)) == 1 else found


def _eight_digits(text: str, *, day_first: bool) -> str | None:
    parts = _DIGITS.findall(text)
    month = next((number for name, number in _MONTHS.items() if name in text.lower()), None)
    if month and len(parts) >= 2:
        day, year = (parts[0], parts[1]) if len(parts[0]) <= 2 else (parts[1], parts[0])
        return f"{_year(year)}{month}{day:0>2}"
    if len(parts) == 1:
        return parts[0] if 7 <= len(parts[0]) <= 9 else None
    if len(parts) < 3:
        return None
    if len(parts[0]) >= 3:
        return f"{parts[0]}{parts[1]:0>2}{parts[2][:2]:0>2}"
    day, mon = (parts[0], parts[1]) if day_first else (parts[1], parts[0])
    return f"{_year(parts[2])}{mon:0>2}{day:0>2}"


def _year(text: str) -> str:
    return text if len(text) > 2 else f"{'19' if int(text) > 25 else '20'}{text:0>2}"


@lru_cache(maxsize=200_000)
def email(text: str) -> str | None:
    found = text.strip().strip("<>").casefold().removeprefix("mailto:")
    return found if _EMAIL.fullmatch(found) and not _NO_ADDRESS.search(found) else None


@lru_cache(maxsize=200_000)
def phone(text: str) -> str | None:
    """The last nine digits: what stays the same with and without the country's code."""
    digits = "".join(_DIGITS.findall(text))
    return None if len(digits) < 6 or len(set(digits)) < 3 or digits in "01234567890123456789" else digits[-9:]


@lru_cache(maxsize=200_000)
def number(text: str) -> str | None:
    """A document or membership number: letters and digits only."""
    found = "".join(c for c in plain(text) if c.isalnum())[:LONGEST]
    return None if len(found) < 3 or len(set(found)) < 2 or found in _PLACEHOLDERS or found in "1234567890" else found


@lru_cache(maxsize=200_000)
def words(text: str) -> str | None:
    """A line of an address, a place or a trade: its words, without marks."""
    found = " ".join("".join(c if c.isalnum() else " " for c in plain(text)).split())[:LONGEST]
    return None if not found or found in _PLACEHOLDERS else found


@lru_cache(maxsize=200_000)
def code(text: str) -> str | None:
    """A post code, a state, a house number: letters and digits only."""
    return "".join(c for c in plain(text) if c.isalnum())[:LONGEST] or None


@lru_cache(maxsize=10_000)
def gender(text: str) -> str | None:
    first = plain(text).strip()[:1]
    return {"m": "m", "f": "f", "w": "f", "d": "x", "x": "x", "1": "m", "2": "f", "h": "m"}.get(first)
