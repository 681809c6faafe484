"""Values that identify nobody, and how many of a kind one person may have: declared here, a row each.

A blocked value has no look-up: nobody claims it, and nobody is found by it. It stands untouched in the raw message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from profiles.models import IdentifierKind

_NOTHING = r"none|null|nil|n/?a|nan|unknown|unbekannt|anonymous|test(?:ing|er)?\d*|dummy|sample|guest|tba|tbc|-1|x{2,}"
_ONE_CHARACTER = r"(?P<one>.)(?P=one){2,}"
_ZEROS = r"[0\W]{3,}"

# By kind, what a whole value looks like that was written to get past a form; case does not matter.
PATTERNS: dict[IdentifierKind, tuple[str, ...]] = {
    IdentifierKind.EMAIL: (
        r"(?:test|tests|tester|none|noone|nobody|noemail|nomail|no|na|noreply|no-reply|donotreply|unknown|anonymous"
        r"|dummy|x{3,}|asdf|qwerty)@.*",
        r".*@(?:test|none|invalid|localhost)(?:\.[a-z]+)?",
    ),
    IdentifierKind.PHONE: (
        r"\D*\d{0,3}?(?P<digit>\d)(?P=digit){6,}",
        r"\D*\d{0,3}?(?:0?123456789?0?|987654321?0?)",
        _ZEROS,
    ),
    IdentifierKind.LOYALTY_NUMBER: (_NOTHING, _ONE_CHARACTER, _ZEROS, r"0?1234567(?:8(?:90?)?)?"),
    IdentifierKind.LOGIN: (_NOTHING, _ONE_CHARACTER, _ZEROS),
    IdentifierKind.PASSPORT: (_NOTHING, _ONE_CHARACTER, _ZEROS, r"[a-z]{0,2}0+", r"123456(?:7(?:89?)?)?"),
    IdentifierKind.DEVICE: (_NOTHING, r"[0\-]+", r"[f\-]{8,}"),
}
_COMPILED = {
    kind: re.compile("|".join(f"(?:{row})" for row in rows), re.IGNORECASE).fullmatch for kind, rows in PATTERNS.items()
}


@dataclass(frozen=True)
class Limit:
    """`most` claims of a kind one customer may hold, of which `most_new` may be younger than `cool_down`: what comes
    beyond is written down and claims nothing. `people`: how many unrelated people may carry one value before it stops
    being evidence."""

    most: int
    most_new: int
    people: int
    cool_down: timedelta = timedelta(days=7)


LIMITS: dict[IdentifierKind, Limit] = {
    IdentifierKind.LOYALTY_NUMBER: Limit(most=6, most_new=4, people=3),
    IdentifierKind.EMAIL: Limit(most=12, most_new=6, people=4),
    IdentifierKind.PHONE: Limit(most=12, most_new=6, people=5),
    IdentifierKind.DEVICE: Limit(most=40, most_new=20, people=4),
    IdentifierKind.PASSPORT: Limit(most=6, most_new=3, people=1),
    IdentifierKind.LOGIN: Limit(most=6, most_new=4, people=2),
    IdentifierKind.ACCOUNT: Limit(most=60, most_new=40, people=3),
}


def is_blocked(kind: IdentifierKind, value: str) -> bool:
    """Whether a value of this kind identifies nobody."""
    blocked = _COMPILED.get(kind)
    return blocked is not None and blocked(value.strip()) is not None
