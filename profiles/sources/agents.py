"""What agents pass on in requests and remarks: contacts for disruptions, documents, numbers of programmes.

Contacts (CTCE, CTCM, CTCR and their kin) serve disruptions alone, as IATA Resolution 830d has it. Passports are held
for the law alone; a document's date of birth and sex are part of it, and make no profile.
"""

from __future__ import annotations

import re

from django.conf import settings

from profiles.sources import codes
from profiles.sources.reservation import TYPES, Contact

_CONTACT = re.compile(r"\bCTC([EMHBP])\b\s*[/-]?\s*(.+)", re.DOTALL)
_ADDRESS = re.compile(r"[A-Z0-9._%+'-]+@[A-Z0-9-]+(?:\.[A-Z0-9-]+)+", re.IGNORECASE)
_DIGITS = re.compile(r"\+?\d[\d ().-]{5,18}\d")
_MARKS = re.compile(r"[^\d+]")
_SHORTEST_ABROAD = 10
_REQUEST_LETTERS = 4
# Meanings of requests that tell of the record, and not of a wish of the passenger; these two are read otherwise.
_NO_WISHES = frozenset({"contact", "document", "loyalty", "note", "party", "ticket"})
_READ_OTHERWISE, _REFUSED = frozenset({"CHLD", "INFT"}), "CTCR"


def contact(text: str, passenger: int | None) -> Contact | None:
    """`CTCE JO..AN//EXAMPLE.ORG`, `CTCM 4790011223/EN` as a contact for disruptions; None where it is none of them."""
    found = _CONTACT.search(text)
    if not found:
        return None
    kind, value = ("email", email(found[2])) if found[1] == "E" else ("phone", phone(found[2], abroad=found[1] == "M"))
    if value is None:
        return None
    return {"type": kind, "value": value, "passenger": passenger, "verified": False, "for_disruptions": True}


def email(text: str) -> str | None:
    """An address as telex letters spell it: `//` is the at sign, `..` an underscore, `./` a hyphen."""
    spelt = text.strip().replace(" ", "")
    if "@" not in spelt:
        spelt = spelt.replace("//", "@", 1).replace("..", "_").replace("./", "-")
    found = _ADDRESS.search(spelt.split("/")[0] if "@" in spelt.split("/")[0] else spelt)
    return found[0].lower().rstrip(".-") if found else None


def phone(text: str, *, abroad: bool = False) -> str | None:
    """The number in a remark. `abroad`: it begins with the country's code, and lacks the plus since telex has none."""
    found = _DIGITS.search(text.replace("/", " "))
    if not found:
        return None
    digits = _MARKS.sub("", found[0])
    return f"+{digits}" if abroad and digits[0] not in "+0" and len(digits) >= _SHORTEST_ABROAD else digits


def passport(document: str) -> tuple[str | None, bool]:
    """Of the text of an SSR DOCS: issuer and number of the passport, and whether it is an infant's."""
    parts = [part.strip() for part in document.strip().removeprefix("/").split("/")]
    parts += [""] * (9 - len(parts))
    kind, issuer, number, _, _, sex = parts[:6]
    return (f"{issuer}{number}".upper() if kind[:1] in ("P", "") and number else None), sex.upper().endswith("I")


def programme(carrier: str, number: str) -> dict[str, str]:
    """A frequent flyer number: ours is a loyalty number, that of another airline an account with them."""
    digits = number.strip().replace(" ", "")
    carrier = carrier.strip().upper()
    if not digits or len(digits) > 20:
        return {}
    if carrier == settings.AIRLINE_CARRIER:
        return {"loyalty_number": digits.removeprefix(carrier)}
    return {"account": f"ffp:{carrier}:{digits.removeprefix(carrier)}"} if carrier else {}


def is_wish(code: str) -> bool:
    """Whether a request is kept as a service of the passenger; that a contact was refused is kept, too."""
    if len(code) != _REQUEST_LETTERS or code in _READ_OTHERWISE:
        return False
    return code == _REFUSED or codes.lookup("ssr", code) not in _NO_WISHES


def passenger_type(code: str) -> str:
    """ADT, CHD or INF; what no table knows is an adult."""
    known = codes.lookup("ptc", code) if code else None
    return known if known in TYPES else "ADT"
