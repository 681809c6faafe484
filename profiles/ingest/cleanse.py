"""Makes personal values comparable: names without titles and shouting, e-mail in lower case, phones in E.164.

Comes in: raw personal columns of a batch. Goes out: the same columns standardised. It refuses nothing: a contact that
is none becomes None here, and stands untouched in the raw message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import phonenumbers

from profiles.models import IdentifierKind
from profiles.sources.contract import Batch

_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\".]+(?:\.[^@\s,;<>()\".]+)+")
_SPACES = re.compile(r"\s+")
# Reservation systems glue the title to the given name: ANNAMRS, ANNA MARIAMS.
_GLUED_TITLE = re.compile(r"(?<=[A-ZÀ-Þ])\s?(MRS|MSTR|MISS|MR|MS|DR|PROF)$")
_TITLES = {"mr": "Mr", "mrs": "Mrs", "ms": "Ms", "miss": "Miss", "dr": "Dr", "prof": "Prof", "mstr": "Mstr"}


def standardise(batch: Batch) -> dict[str, list[str | None]]:
    """Return the personal columns of `batch`, standardised; columns the feed does not have are absent."""
    person = dict(batch.person)
    if not person:
        return person
    steps: dict[str, Callable[[str], str | None]] = {
        "title": title,
        "given_name": name,
        "surname": surname,
        "email": email,
        "phone": phone,
        "irops_email": email,
        "irops_phone": phone,
        "language": language,
        "home_airport": str.upper,
    }
    for column, step in steps.items():
        if column in person:
            person[column] = [step(value) if value else None for value in person[column]]
    return person


@lru_cache(maxsize=100_000)
def surname(value: str) -> str | None:
    """A surname as people write it. Titles are glued to given names only: ADAMS and WILLIAMS are no Ada, no Willia."""
    value = _SPACES.sub(" ", value).strip(" .,-")
    return (value.title() if value.isupper() and len(value) > 2 else value) or None


@lru_cache(maxsize=100_000)
def name(value: str) -> str | None:
    """A name in the way people write it; what is shouted is spoken, a glued title is taken off."""
    value = _SPACES.sub(" ", value).strip(" .,-")
    if value.isupper() and len(value) > 2:
        bare = _GLUED_TITLE.sub("", value).strip()
        value = (bare or value).title()
    return value or None


def title(value: str) -> str | None:
    return _TITLES.get(value.strip(" .").lower(), value.strip())


def email(value: str) -> str | None:
    """The address in lower case, or None if it is no address. The local part is kept as it is written."""
    value = value.strip().lower()
    return value if len(value) <= 254 and _EMAIL.fullmatch(value) else None


@lru_cache(maxsize=1000)
def language(value: str) -> str | None:
    return value.strip().lower().replace("_", "-")[:8] or None


def phone(value: str) -> str | None:
    """The number in E.164, or None if it is not a valid number; a number without its country is not one."""
    compact = (
        value.strip()
        .replace(" ", "")
        .replace("-", "")
        .replace("(", "")
        .replace(")", "")
        .replace("/", "")
        .replace(".", "")
    )
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    if not compact.startswith("+") or not compact[1:].isdecimal() or not 8 <= len(compact) <= 16 or compact[1] == "0":
        return None
    for length in (1, 2, 3):
        pattern = _valid_in(int(compact[1 : 1 + length]))
        if pattern:
            return compact if pattern.fullmatch(compact, 1 + length) else _asked(compact)
    return None


def _asked(compact: str) -> str | None:
    """What the library itself says: for numbers written with a national prefix, and for the odd ones."""
    try:
        parsed = phonenumbers.parse(compact)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=1024)
def _valid_in(country_code: int) -> re.Pattern[str] | None:
    """National numbers valid under a country code, compiled from the library's own metadata; None for no code.

    Sixteen times faster than asking the library for each number; a test holds the two equal.
    """
    regions = phonenumbers.region_codes_for_country_code(country_code)
    found = []
    for region in regions:
        metadata = (
            phonenumbers.PhoneMetadata.metadata_for_nongeo_region(country_code, None)
            if region == "001"
            else phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        )
        if metadata:
            found.append(_valid_in_region(metadata))
    return re.compile("|".join(found)) if found else None


def _valid_in_region(metadata: phonenumbers.PhoneMetadata) -> str:
    kinds = (
        metadata.fixed_line,
        metadata.mobile,
        metadata.toll_free,
        metadata.premium_rate,
        metadata.shared_cost,
        metadata.personal_number,
        metadata.voip,
        metadata.pager,
        metadata.uan,
        metadata.voicemail,
    )
    patterns = [k.national_number_pattern for k in kinds if k and k.national_number_pattern]
    assert metadata.general_desc is not None  # every region has one
    general = metadata.general_desc.national_number_pattern
    return f"(?:(?=(?:{general})$)(?:{'|'.join(patterns)})$)"


# How a value of a kind is made comparable before it is looked up; other kinds are compared as they are.
STANDARD: dict[IdentifierKind, Callable[[str], str | None]] = {
    IdentifierKind.EMAIL: email,
    IdentifierKind.PHONE: phone,
}
