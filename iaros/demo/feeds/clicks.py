"""Visits that other tools tell than the airline's own log, each in the form of its tool (`tellers.py`)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import orjson

from iaros.demo import blemishes, tellers
from iaros.demo.behaviour import APP_OPEN, LOGIN, MEMBER, PAGE, PAGES, SEARCH
from iaros.demo.block import Block
from iaros.demo.draws import NOTHING, chance
from iaros.demo.feeds import customer_systems, web
from iaros.demo.forms import Form, Row
from iaros.demo.loyalty import days_since_1970
from iaros.demo.seasons import iso_date, iso_utc

SEARCHES = ("Search Id", "Searched At", "Device Id", "User Id", "Loyalty Number", "Origin", "Destination",
            "Departure Date", "Adults", "Cabin", "Results", "Channel")  # fmt: skip
_HITS = {PAGE: "page_view", SEARCH: "flight_search", LOGIN: "login", APP_OPEN: "session_start"}
# The places of an enriched event's columns that carry something here, of 131.
_PLACES = {"app_id": 0, "platform": 1, "collector_tstamp": 3, "event": 5, "event_id": 6, "user_id": 12,
           "domain_userid": 15, "unstruct_event": 58, "event_name": 126}  # fmt: skip
_SNOWPLOW_COLUMNS = 131


def _enriched(row: Row) -> bytes:
    values = [""] * _SNOWPLOW_COLUMNS
    for name, value in row.items():
        values[_PLACES[name]] = str(value)
    return "\t".join(values).encode()


SNOWPLOW = Form(_enriched)


@dataclass(frozen=True)
class Visit:
    number: int
    person: int  # within the block
    type: int
    at: int
    device: str
    user: str | None
    in_app: bool
    page: str | None
    origin: str | None
    destination: str | None
    date: str | None
    party: int


def _visits(block: Block, teller: int) -> Iterator[Visit]:
    """The events that this tool tells, in order of time."""
    events, people = block.events, block.people
    chosen = np.flatnonzero(tellers.of(block) == teller).tolist()
    codes = np.append(block.scene.timetable.airports.codes.astype(object), NOTHING)
    devices, dates = web.devices(block), iso_date(days_since_1970(events.day)).astype(object)
    for i in chosen:
        person = int(events.person[i])
        searched = events.type[i] == SEARCH
        yield Visit(
            number=block.number << 24 | i,
            person=person,
            type=int(events.type[i]),
            at=int(events.at[i]),
            device=devices[i],
            user=tellers.login(int(people.number[person])) if events.user[i] == MEMBER else None,
            in_app=bool(events.in_app[i]),
            page=PAGES[events.page[i]] if events.type[i] == PAGE else None,
            origin=codes[events.origin[i]] if searched else None,
            destination=codes[events.destination[i]] if searched else None,
            date=dates[i] if searched else None,
            party=max(int(events.party[i]), 1),
        )


def ga4_export(block: Block) -> list[Row]:
    """Google's export; one visitor in thirty refused storage for analytics and stays nameless."""
    visits = list(_visits(block, tellers.ANALYTICS))
    refuses = chance(block.generator("ga4_export"), 0.03, len(visits)).tolist()
    return [
        {
            "event_date": iso_date(np.array([v.at // 86_400]))[0].replace("-", ""),
            "event_timestamp": str(v.at * 10**6 + v.number % 1000),
            "event_name": _HITS[v.type],
            "event_params": [
                {"key": key, "value": {"string_value": value, "int_value": None}}
                for key, value in (("origin", v.origin), ("destination", v.destination), ("start_date", v.date))
                if value
            ],
            "event_bundle_sequence_id": str(v.number % 997),
            "user_id": None if refused else v.user,
            "user_pseudo_id": None if refused else v.device,
            "privacy_info": {"analytics_storage": "No" if refused else "Yes"},
            "platform": "IOS" if v.in_app else "WEB",
        }
        for v, refused in zip(visits, refuses, strict=True)
    ]


def segment_events(block: Block) -> list[Row]:
    """The stream of some members' apps: first who they are, then what they do; a few messages lost their sender."""
    rng, people, names = block.generator("segment_events"), block.people, block.scene.names
    visits = list(_visits(block, tellers.STREAM))
    who = np.array(sorted({v.person for v in visits}), dtype=np.int64)
    rows: list[Row] = [
        {
            "type": "identify",
            "messageId": f"sg-{int(people.number[p])}",
            "userId": tellers.login(int(people.number[p])),
            "timestamp": "2025-09-30T06:00:00Z",
            "traits": {
                "firstName": names.given[people.given[p]],
                "lastName": names.surname[people.surname[p]],
                "email": people.email[p],
                "loyaltyNumber": number,
            },
        }
        for p, number in zip(who.tolist(), customer_systems.numbers_of(block, who), strict=True)
    ]
    lost = chance(rng, blemishes.SPOILT, len(visits)).tolist()
    return rows + [_message(v, is_lost) for v, is_lost in zip(visits, lost, strict=True)]


def _message(visit: Visit, is_lost: bool) -> Row:
    told: Row = {
        "messageId": f"sg-{visit.number:x}",
        "anonymousId": None if is_lost else visit.device,
        "userId": None if is_lost else visit.user,
        "timestamp": iso_utc(np.array([visit.at]))[0],
        "channel": "mobile",
        "context": {"app": {"name": "Norvia"}},
    }
    if visit.type == PAGE:
        return {**told, "type": "screen", "name": visit.page}
    if visit.type != SEARCH:
        return {**told, "type": "track", "event": "Application Opened" if visit.type == APP_OPEN else "Signed In"}
    asked = {"origin": visit.origin, "destination": visit.destination, "departure_date": visit.date}
    return {**told, "type": "track", "event": "Flight Searched", "properties": {**asked, "passengers": visit.party}}


def snowplow_enriched(block: Block) -> list[Row]:
    """Enriched events; a few lost the id that makes them one."""
    rng = block.generator("snowplow_enriched")
    visits = list(_visits(block, tellers.PIPELINE))
    lost = chance(rng, blemishes.SPOILT, len(visits)).tolist()
    return [
        {
            "app_id": "norvia",
            "platform": "mob" if v.in_app else "web",
            "collector_tstamp": f"{np.datetime64(v.at, 's')}.000".replace("T", " "),
            "event": "unstruct" if v.type != PAGE else "page_view",
            "event_id": "" if is_lost else f"00000000-0000-4000-8000-{v.number:012x}",
            "user_id": v.user or "",
            "domain_userid": v.device,
            "event_name": {SEARCH: "flight_search", LOGIN: "login", APP_OPEN: "application_foreground"}.get(
                v.type, "page_view"
            ),
            "unstruct_event": _described(v) if v.type == SEARCH else "",
        }
        for v, is_lost in zip(visits, lost, strict=True)
    ]


def _described(visit: Visit) -> str:
    data = {"origin": visit.origin, "destination": visit.destination, "departure_date": visit.date,
            "passengers": visit.party}  # fmt: skip
    inner = {"schema": "iglu:example.norvia/flight_search/jsonschema/1-0-0", "data": data}
    outer = {"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0", "data": inner}
    return orjson.dumps(outer).decode()


def search_log(block: Block) -> list[Row]:
    """The booking engine's own log of searches; a few name no airport."""
    rng = block.generator("search_log")
    visits = list(_visits(block, tellers.ENGINE))
    origins = blemishes.spoil(rng, np.array([v.origin for v in visits], dtype=object), ("COPENHAGEN", "?"),
                              blemishes.SPOILT)  # fmt: skip
    results = rng.integers(1, 40, len(visits)).tolist()
    return [
        {
            "Search Id": f"se-{v.number:x}",
            "Searched At": iso_utc(np.array([v.at]))[0],
            "Device Id": v.device,
            "User Id": v.user,
            "Origin": origin,
            "Destination": v.destination,
            "Departure Date": v.date,
            "Adults": v.party,
            "Cabin": "economy",
            "Results": found,
            "Channel": "app" if v.in_app else "web",
        }
        for v, origin, found in zip(visits, origins.tolist(), results, strict=True)
    ]


def mobile_events(block: Block) -> list[Row]:
    """App starts and what the push service reports around them."""
    rng = block.generator("mobile_events")
    visits = list(_visits(block, tellers.APP))
    pushed, opened = chance(rng, 0.3, len(visits)).tolist(), chance(rng, 0.4, len(visits)).tolist()
    rows: list[Row] = []
    for v, is_pushed, is_opened in zip(visits, pushed, opened, strict=True):
        known = {"device_id": v.device, "user": {"id": v.user}, "platform": "ios" if v.number % 2 else "android"}
        told = [("app_open", v.at)]
        if is_pushed:
            told.insert(0, ("push_delivered", v.at - 900))
            told += [("push_opened", v.at - 20)] * is_opened
        rows += [
            {
                "event_id": f"mo-{v.number:x}-{kind}",
                "type": kind,
                "at": iso_utc(np.array([at]))[0],
                **known,
                "campaign": "seat-sale" if kind != "app_open" else None,
            }
            for kind, at in told
        ]
    return rows
