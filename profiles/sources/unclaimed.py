"""A file that no feed claims: it waits whole, to be taken in once somebody says what it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.sources.contract import Batch, Connector, Family, Framing, Lines, Reject


def read(header: bytes | None, lines: Lines) -> Batch:
    """Nothing is read; each document is set aside."""
    rejects = [Reject(at, "file", "unrecognised", "a file of one of the sources") for at in range(len(lines.raw))]
    return Batch(lines, np.empty(0, dtype=np.int64), [], rejects=rejects, facts={})


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    return np.empty(0, dtype=np.int64), []


# Not in the catalogue: nobody sends it.
CONNECTOR = Connector(
    name="unrecognised",
    title="Files that no source claims",
    family=Family.EXTERNAL,
    format="any",
    version="1",
    purpose=Purpose.SERVICING,
    fields=(),
    read=read,
    scan=scan,
    framing=Framing.DOCUMENT,
    specification="none",
)
