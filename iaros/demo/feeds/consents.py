"""`consents.ndjson`: answers, withdrawals and objections, one a line in order of time."""

import numpy as np
import orjson
from numpy.typing import NDArray

from iaros.demo import blemishes
from iaros.demo.block import Block
from iaros.demo.consent import CHANNELS, METHODS, PURPOSES, STATES, policy_version
from iaros.demo.seasons import iso_utc


def lines(block: Block) -> list[bytes]:
    rng = block.generator("consents")
    answers, people = block.consents, block.people
    state = blemishes.spoil(rng, np.array(STATES, dtype=object)[answers.state], ("maybe", ""))
    columns = zip(
        consent_ids(block),
        _subjects(block),
        np.array(PURPOSES, dtype=object)[answers.question],
        np.array([channel or None for channel in CHANNELS], dtype=object)[answers.question],
        state,
        iso_utc(answers.at).tolist(),
        np.array(METHODS, dtype=object)[answers.method],
        policy_version(answers.at).tolist(),
        people.language[answers.person],
        strict=True,
    )
    names = (
        "consent_id", "subject", "purpose", "channel", "state", "at", "method", "policy_version", "language",
    )  # fmt: skip
    return blemishes.torn(rng, [orjson.dumps(dict(zip(names, row, strict=True))) for row in columns])


def consent_ids(block: Block) -> list[str]:
    return [f"co-{block.number:05x}{i:07x}" for i in range(len(block.consents))]


def _subjects(block: Block) -> list[dict[str, str | None]]:
    answers = block.consents
    numbers = block.accounts.number[answers.account].astype(str).tolist()
    emails = block.people.email[answers.person]
    return [
        {"loyalty_number": number, "email": None} if account >= 0 else {"loyalty_number": None, "email": email}
        for account, number, email in zip(answers.account, numbers, emails, strict=True)
    ]


def people_of(block: Block) -> NDArray[np.int64]:
    return block.people.number[block.consents.person]
