"""`web_events.ndjson`: visits, searches, sign-ins and app starts, one a line in order of time."""

import numpy as np
import orjson
from numpy.typing import NDArray

from iaros.demo import blemishes, tellers
from iaros.demo.behaviour import MEMBER, NOBODY, PAGES, TYPES
from iaros.demo.block import Block
from iaros.demo.draws import NOTHING, chance
from iaros.demo.loyalty import days_since_1970
from iaros.demo.seasons import iso_date, iso_utc

_CHANNELS = np.array(["web", "app"], dtype=object)


def lines(block: Block) -> list[bytes]:
    rng = block.generator("web_events")
    events = block.events
    codes = np.append(block.scene.timetable.airports.codes.astype(object), NOTHING)
    pages = np.append(np.array(PAGES, dtype=object), NOTHING)
    origin = blemishes.spoil(rng, codes[events.origin], ("QQQ", "C0H"))
    dates = iso_date(days_since_1970(events.day)).astype(object)
    columns = zip(
        _all_ids(block),
        np.array(TYPES, dtype=object)[events.type],
        iso_utc(events.at).tolist(),
        devices(block),
        _users(rng, block),
        pages[events.page],
        origin,
        codes[events.destination],
        np.where(events.day < 0, NOTHING, dates),
        [None if size < 0 else size for size in events.party.tolist()],
        _CHANNELS[events.in_app.astype(int)],
        strict=True,
    )
    names = (
        "event_id", "type", "at", "device_id", "user", "page", "origin", "destination", "departure_date", "passengers",
        "channel",
    )  # fmt: skip
    here = (tellers.of(block) == tellers.OWN_LOG).tolist()
    rows = (dict(zip(names, row, strict=True)) for row, told in zip(columns, here, strict=True) if told)
    return blemishes.torn(rng, [orjson.dumps(row) for row in rows])


def event_ids(block: Block) -> list[str]:
    """The ids of the events that this log tells."""
    here = (tellers.of(block) == tellers.OWN_LOG).tolist()
    return [event for event, told in zip(_all_ids(block), here, strict=True) if told]


def _all_ids(block: Block) -> list[str]:
    return [f"we-{block.number:05x}{i:07x}" for i in range(len(block.events))]


def devices(block: Block) -> list[str]:
    """Identifiers that look random and come from nothing but the seed and the device's number."""
    mixed = block.events.device.astype(np.uint64) + np.uint64(block.scene.seed * 1_000_003)
    high = (mixed * np.uint64(0x9E3779B97F4A7C15)) ^ (mixed << np.uint64(31))
    low = high * np.uint64(0xBF58476D1CE4E5B9)
    return [f"{a:016x}{b:016x}" for a, b in zip(high.tolist(), low.tolist(), strict=True)]


def _users(rng: np.random.Generator, block: Block) -> list[dict[str, object] | None]:
    events, people, accounts = block.events, block.people, block.accounts
    numbers = accounts.number[accounts.of_person].astype(str)
    verified = chance(rng, np.where(events.user == MEMBER, 0.86, 0.5), len(events)).tolist()
    shows_mail = chance(rng, 0.3, len(events))
    return [
        None if user == NOBODY else _user(user == MEMBER, shows, numbers[person], people.email[person], checked)
        for user, shows, person, checked in zip(events.user, shows_mail, events.person, verified, strict=True)
    ]


def _user(member: bool, shows: bool, number: str, email: str | None, verified: bool) -> dict[str, object]:
    address = email if shows or not member else None
    return {
        "loyalty_number": str(number) if member else None,
        "email": address,
        "email_verified": bool(verified and address),
    }


def people_of(block: Block) -> NDArray[np.int64]:
    """Who is behind each event, in the order of `event_ids`."""
    return block.people.number[block.events.person[tellers.of(block) == tellers.OWN_LOG]]
