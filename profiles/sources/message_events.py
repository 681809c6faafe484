"""What became of a message to a customer, in the words of the platform, whichever provider tells it.

A message counts as sent when it was delivered: what bounced reached nobody. A machine that opens a message is nobody.
"""

from __future__ import annotations

from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind
from profiles.sources.happenings import Happenings

SENT, OPENED = EventKind.MESSAGE_SENT, EventKind.MESSAGE_OPENED
CLICKED, BOUNCED = EventKind.MESSAGE_CLICKED, EventKind.MESSAGE_BOUNCED
# A statement against marketing: by a link in the message, or by calling it spam.
LEFT, NOTHING = "left", "nothing"
Outcome = EventKind | str


def tell(
    told: Happenings, mention: int, outcome: Outcome, at: int, *, channel: Channel, item: str | None, method: str
) -> None:
    """Write the outcome of one message as an event, or as the withdrawal that it is."""
    if isinstance(outcome, EventKind):
        told.event(mention, outcome, at, item=item, channel=channel.value)
    elif outcome == LEFT:
        told.consent(mention, Purpose.MARKETING, "withdrawn", at, method=method, channel=channel)
