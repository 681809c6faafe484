"""Card numbers never come in: they are masked, or the record that holds one is turned away, before anything is kept.

Agents type them into remarks, and reservation systems hold them as forms of payment: there the first six and the last
four digits stay, as the rules of the card industry allow (PCI DSS 3.4). A feed of payments carries tokens instead.
"""

from __future__ import annotations

import re
from dataclasses import replace

from profiles.sources.contract import Batch, Reject

# The numbers that the card schemes issue; a run of other digits is a ticket, a bag tag, a reference.
_DIGITS = re.compile(rb"[0-9]{14,}")
_CANDIDATE = re.compile(
    rb"4[0-9]{15}|5[1-5][0-9]{14}|2[2-7][0-9]{14}|6(?:011|5[0-9]{2})[0-9]{12}|3[47][0-9]{13}|3[068][0-9]{12}"
)
# Digits in one run, or parted as they are printed on a card. Ranges of the issuers: a time in microseconds is no card.
# What must not stand before it is looked for behind its first digit: a pattern that begins with one is found faster.
_RUN = re.compile(rb"\d(?<![A-Za-z0-9_.+]\d)(?:[ -]?\d){12,18}(?![A-Za-z0-9_])")
_ISSUERS = re.compile(
    rb"4|5[0-9]|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)|3[47]|3(?:0[0-5]|[689])|35(?:2[89]|[3-8]\d)|6"
)


def masked(raw: bytes) -> bytes:
    """The record with the middle digits of card numbers replaced."""
    return _DIGITS.sub(_mask, raw)


def refuse(batch: Batch, *, shortest: int = 13) -> Batch:
    """The batch without records that hold a card number. The number itself is written nowhere, not even sealed."""
    redacted: dict[int, bytes] = {}
    for line, raw in enumerate(batch.lines.raw):
        spans = numbers_in(raw, shortest=shortest)
        for start, end in spans:
            raw = raw[:start] + b"*" * (end - start) + raw[end:]
        if spans:
            redacted[line] = raw
    if not redacted:
        return batch
    said = [Reject(line, "card number", "a payment card's number", "a token in its place") for line in redacted]
    # What other readers say of such a record may quote it.
    others = [reject for reject in batch.rejects if reject.line not in redacted]
    return replace(batch, rejects=[*said, *others], redacted={**batch.redacted, **redacted})


def numbers_in(raw: bytes, *, shortest: int = 13) -> list[tuple[int, int]]:
    """Where card numbers stand in the text: right by Luhn, and of a range that issuers use.

    `shortest` is 14 for a feed of tickets, whose thirteen digits are right by chance once in ten.
    """
    found = []
    for run in _RUN.finditer(raw):
        digits = run[0].replace(b" ", b"").replace(b"-", b"")
        if shortest <= len(digits) <= 19 and _ISSUERS.match(digits) and is_card(digits):
            found.append(run.span())
    return found


def is_card(digits: bytes) -> bool:
    """Whether the check digit is right (ISO/IEC 7812, the Luhn formula)."""
    total = 0
    for place, code in enumerate(reversed(digits)):
        digit = (code - 48) * (1 + place % 2)
        total += digit - 9 * (digit > 9)
    return total % 10 == 0


def _mask(found: re.Match[bytes]) -> bytes:
    digits = found.group()
    if not (_CANDIDATE.fullmatch(digits) and is_card(digits)):
        return digits
    return digits[:6] + b"X" * (len(digits) - 10) + digits[-4:]
