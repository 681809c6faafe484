"""Card numbers never come in: what looks like one is masked before anything else reads the record.

Agents type them into remarks, and reservation systems hold them as forms of payment. The first six and the last four
digits stay, as the rules of the card industry allow (PCI DSS 3.4).
"""

from __future__ import annotations

import re

# The numbers that the card schemes issue; a run of other digits is a ticket, a bag tag, a reference.
_CANDIDATE = re.compile(
    rb"(?<![0-9])(?:4[0-9]{15}|5[1-5][0-9]{14}|2[2-7][0-9]{14}|6(?:011|5[0-9]{2})[0-9]{12}|3[47][0-9]{13}|3[068][0-9]{12})"
    rb"(?![0-9])"
)


def masked(raw: bytes) -> bytes:
    """The record with the middle digits of card numbers replaced."""
    return _CANDIDATE.sub(_mask, raw)


def is_card(digits: bytes) -> bool:
    """Whether the check digit is right (ISO/IEC 7812, the Luhn formula)."""
    total = 0
    for place, code in enumerate(reversed(digits)):
        digit = (code - 48) * (1 + place % 2)
        total += digit - 9 * (digit > 9)
    return total % 10 == 0


def _mask(found: re.Match[bytes]) -> bytes:
    digits = found.group()
    return digits[:6] + b"X" * (len(digits) - 10) + digits[-4:] if is_card(digits) else digits
