"""Contacts that an agency passes on for disruptions only (IATA Resolution 830d), as SSR CTCE and CTCM write them."""

from __future__ import annotations

import re

_STATUS = re.compile(r"^(?:[A-Z0-9]{2} )?[A-Z]{2}\d{0,2}[ /]+")
_NUMBER = re.compile(r"\+?\d{6,15}")
_LANGUAGE = re.compile(r"/[A-Z]{2}$")


def email(text: str) -> str | None:
    """The address of a CTCE: `//` stands for @, `..` for an underscore, `./` for a hyphen."""
    told = _STATUS.sub("", text.strip().upper()).replace("./", "-").replace("..", "_")
    local, at, rest = told.partition("//")
    domain = rest.split("/")[0].split(" ")[0]
    found = f"{local}@{domain}".lower()
    return found if local and at and "." in domain and " " not in found else None


def phone(text: str) -> str | None:
    """The number of a CTCM in international form."""
    found = _NUMBER.search(_LANGUAGE.sub("", _STATUS.sub("", text.strip().upper())).replace(" ", ""))
    if not found:
        return None
    digits = found[0].lstrip("+")
    return "+" + (digits[2:] if digits.startswith("00") else digits)
