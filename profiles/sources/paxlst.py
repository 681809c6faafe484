"""Passenger lists for border control (PAXLST, UN/EDIFACT): recognised, and refused.

Airlines hold advance passenger information because the law has them hand it over. It may serve nothing else, so it
does not come in, whatever feed it is said to be of.
"""

from __future__ import annotations

import re

from profiles.sources.contract import RefusedFile, Sample

_LOOKED_AT = 4096
_MESSAGE = re.compile(rb"UN[GH]\s?[^\sA-Z0-9][^'~]{0,60}?PAXLST\b")


def refuse(sample: Sample) -> None:
    """Raises RefusedFile for a passenger list."""
    head = sample.head[:_LOOKED_AT].lstrip()
    if head.startswith((b"UNA", b"UNB", b"UNH", b"UNG")) and _MESSAGE.search(head):
        raise RefusedFile(
            f"{sample.name}: is a PAXLST message. Advance passenger information is held by legal obligation only and "
            "does not come in"
        )
