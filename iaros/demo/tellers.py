"""Which tool tells of a visit: most are told by the airline's own log, some by the tools of other sites and the app.

Each visit is told once. Somebody who signed in by e-mail is known to the airline's own log alone.
"""

import numpy as np
from numpy.typing import NDArray

from iaros.demo.behaviour import APP_OPEN, MAIL, SEARCH
from iaros.demo.block import Block

OWN_LOG, ANALYTICS, STREAM, PIPELINE, ENGINE, APP = range(6)
# Out of a hundred events those that another tool tells, and of searches and app starts some more.
_ANALYTICS, _PIPELINE, _ENGINE, _APP = 3, 3, 8, 12
# Of a hundred members those whose app speaks through a customer-data stream.
_STREAM = 4


def of(block: Block) -> NDArray[np.int64]:
    """Who tells each event of the block."""
    events = block.events
    lot = np.arange(len(events)) * 7_919 % 100
    told = np.full(len(events), OWN_LOG)
    told[lot < _ANALYTICS] = ANALYTICS
    told[(lot >= _ANALYTICS) & (lot < _ANALYTICS + _PIPELINE)] = PIPELINE
    told[(events.type == SEARCH) & (lot >= 100 - _ENGINE)] = ENGINE
    told[(events.type == APP_OPEN) & (lot >= 100 - _APP)] = APP
    told[streams(block)[events.person] & events.in_app] = STREAM
    told[events.user == MAIL] = OWN_LOG
    return told


def streams(block: Block) -> NDArray[np.bool_]:
    """Members whose app speaks through the stream."""
    return (block.accounts.of_person >= 0) & (block.people.number * 31 % 100 < _STREAM)


def login(person: int) -> str:
    """The airline's own id of an account on its site."""
    return f"u{700_000 + person}"
