"""Service and surveys: who wrote, called and answered. Those whose flight was cancelled call more and score lower."""

import numpy as np
from numpy.typing import NDArray

from iaros.demo import blemishes, itineraries, tellers
from iaros.demo.block import Block
from iaros.demo.draws import chance
from iaros.demo.feeds import customer_systems, pnr
from iaros.demo.forms import Row
from iaros.demo.seasons import DAY, END, iso_utc

CALLS = ("Call Id", "Started At", "Channel", "Queue", "Reason", "Wait Seconds", "Duration Seconds", "Outcome",
         "Caller Number", "Loyalty Number", "Record Locator", "Surname", "Given Name")  # fmt: skip
SURVEYS = ("Response Id", "Answered At", "Survey", "Score", "Touchpoint", "Channel", "Loyalty Number", "Record Locator",
           "Surname", "Given Name", "Comment")  # fmt: skip
QUALTRICS = ("ResponseId", "StartDate", "EndDate", "Status", "Finished", "RecordedDate", "RecipientEmail",
             "LoyaltyNumber", "Q1_NPS_GROUP", "Q1")  # fmt: skip
DIRECTORY = ("directory_id", "id", "first_name", "last_name", "email", "language", "ext_ref", "directory_unsubscribed",
             "last_modified")  # fmt: skip
_WRITES, _CALLS, _ANSWERS, _ASKED, _PANEL = 0.05, 0.01, 0.06, 0.04, 0.5
_LOOK_BACK = 540 * DAY


def zendesk_users(block: Block) -> list[Row]:
    """Members who ever wrote to the service; the address is verified where nobody shares it."""
    rng, people = block.generator("zendesk_users"), block.people
    who = customer_systems.chosen_members(block, "zendesk", _WRITES)
    given, surname = customer_systems.names_of(block, rng, who)
    shared = people.homes.shares_email[people.household[who]].tolist()
    confirmed = chance(rng, 0.7, len(who)).tolist()
    roles = blemishes.spoil(rng, np.full(len(who), "end-user", dtype=object), ("agent",), 0.02).tolist()
    numbers = customer_systems.numbers_of(block, who)
    return [
        {
            "id": _user_id(block, p),
            "name": f"{first} {last}",
            "email": people.email[p],
            "verified": bool(known and not common),
            "role": role,
            "locale": people.language[p],
            "external_id": tellers.login(int(people.number[p])),
            "user_fields": {"loyalty_number": number},
            "suspended": False,
            "active": True,
            "updated_at": "2026-10-31T20:00:00Z",
        }
        for p, first, last, common, known, role, number in zip(
            who.tolist(), given, surname, shared, confirmed, roles, numbers, strict=True
        )
    ]


def _user_id(block: Block, person: int) -> int:
    return 4_000_000_000 + int(block.people.number[person])


def zendesk_tickets(block: Block) -> list[Row]:
    """One to three tickets each, some of them rated."""
    rng = block.generator("zendesk_tickets")
    who = np.repeat(w := customer_systems.chosen_members(block, "zendesk", _WRITES), rng.integers(1, 4, len(w)))
    at = END - 7_200 - rng.integers(0, _LOOK_BACK, len(who))
    via, kinds = ("web", "email", "voice", "chat"), ("question", "incident", "problem", "task")
    rated = ("unoffered", "offered", "good", "bad")
    picks = rng.choice(4, (len(who), 3), p=[0.5, 0.25, 0.15, 0.1]).tolist()
    closed = np.minimum(at + rng.integers(3_600, 9 * DAY, len(who)), END - 60)
    return [
        {
            "id": block.number * 10_000_000 + i + 1,
            "created_at": made,
            "updated_at": solved,
            "requester_id": _user_id(block, p),
            "status": "solved",
            "type": kinds[kind],
            "priority": "normal",
            "subject": "About my trip",
            "description": "Written by the customer",
            "via": {"channel": via[channel], "source": {"from": {}, "to": {}, "rel": None}},
            "satisfaction_rating": {"score": rated[rating]},
        }
        for i, (p, made, solved, (channel, kind, rating)) in enumerate(
            zip(who.tolist(), iso_utc(at).tolist(), iso_utc(closed).tolist(), picks, strict=True)
        )
    ]


def _named(block: Block, person: int, trip: int, locator: list[str], by_number: bool) -> Row:
    """By what a customer is asked for: the membership, or the booking and the name on it."""
    account, names, people = block.accounts.of_person[person], block.scene.names, block.people
    if by_number and account >= 0:
        return {"Loyalty Number": str(block.accounts.number[account])}
    return {
        "Record Locator": locator[trip],
        "Surname": names.surname_telex[people.surname[person]],
        "Given Name": names.given_telex[people.given[person]],
    }


def calls(block: Block) -> list[Row]:
    """Those whose trip we cancelled or who moved it call; others seldom do."""
    rng, trips, people = block.generator("call_centre"), block.trips, block.people
    departs = itineraries.first_departure(trips, block.legs)
    reason = np.where(trips.disrupted > 0, "disruption", np.where(trips.changed > 0, "rebooking", "question"))
    often = np.where(trips.disrupted > 0, 0.5, np.where(trips.changed > 0, 0.25, _CALLS))
    at = np.where(trips.disrupted > 0, departs - 10_000, trips.created + DAY)
    going = np.flatnonzero((at < END - 3_600) & (at > END - _LOOK_BACK) & chance(rng, often))
    locator = pnr.locators(block.trip_number, block.scene.seed)
    started = blemishes.spoil(rng, iso_utc(at[going]).astype(object), ("yesterday", "31/10/2026 10:00"))
    waits, talks = rng.integers(5, 900, len(going)).tolist(), rng.integers(40, 1_500, len(going)).tolist()
    by_number = chance(rng, 0.7, len(going)).tolist()
    return [
        {
            "Call Id": f"call-{block.number:04x}-{trip:06x}",
            "Started At": moment,
            "Channel": "phone",
            "Queue": "service",
            "Reason": reason[trip],
            "Wait Seconds": wait,
            "Duration Seconds": talk,
            "Outcome": "solved" if talk > 200 else "open",
            "Caller Number": people.phone[trips.lead[trip]],
            **_named(block, int(trips.lead[trip]), trip, locator, known),
        }
        for trip, moment, wait, talk, known in zip(
            going.tolist(), started.tolist(), waits, talks, by_number, strict=True
        )
    ]


def _scores(rng: np.random.Generator, disrupted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How likely they would recommend us, from 0 to 10."""
    return np.round(np.where(disrupted, 4.5, 8.2) + rng.normal(0, 1.9, len(disrupted))).clip(0, 10).astype(np.int64)


def surveys(block: Block) -> list[Row]:
    """After a trip some answer; a few scores are off the scale."""
    rng, trips = block.generator("surveys"), block.trips
    departs = itineraries.first_departure(trips, block.legs)
    flown = (departs > END - _LOOK_BACK) & (departs < END - 6 * DAY) & (trips.cancelled == 0)
    going = np.flatnonzero(flown & chance(rng, _ANSWERS, len(trips)))
    score = _scores(rng, trips.disrupted[going] > 0)
    shown = blemishes.spoil(rng, score.astype(str).astype(object), ("11", "ten", "-1"), blemishes.SPOILT * 2)
    locator = pnr.locators(block.trip_number, block.scene.seed)
    at = iso_utc(departs[going] + 3 * DAY + rng.integers(0, 2 * DAY, len(going))).tolist()
    by_number = chance(rng, 0.75, len(going)).tolist()
    return [
        {
            "Response Id": f"nps-{block.number:04x}-{trip:06x}",
            "Answered At": moment,
            "Survey": "NPS",
            "Score": points,
            "Touchpoint": "after flight",
            "Channel": "email",
            "Comment": "Thank you" if known else None,
            **_named(block, int(trips.lead[trip]), trip, locator, known),
        }
        for trip, moment, points, known in zip(going.tolist(), at, shown.tolist(), by_number, strict=True)
    ]


def qualtrics_contacts(block: Block) -> list[Row]:
    """The panel of those who are asked how the service did."""
    rng, people = block.generator("qualtrics_contacts"), block.people
    writers = np.isin(np.arange(len(people)), customer_systems.chosen_members(block, "zendesk", _WRITES))
    who = customer_systems.chosen_members(block, "qualtrics", _PANEL, writers)
    given, surname = customer_systems.names_of(block, rng, who)
    return [
        {
            "directory_id": "POOL_norvia",
            "id": f"CID_{int(people.number[p]):09d}",
            "first_name": first,
            "last_name": last,
            "email": people.email[p],
            "language": people.language[p].upper(),
            "ext_ref": tellers.login(int(people.number[p])),
            "directory_unsubscribed": "false",
            "last_modified": "2026-10-01 08:00:00",
        }
        for p, first, last in zip(who.tolist(), given, surname, strict=True)
    ]


def qualtrics_responses(block: Block) -> list[Row]:
    """Their answers; one in ten stops half-way, and the makers' own previews are among them."""
    rng, people = block.generator("qualtrics_responses"), block.people
    who = customer_systems.chosen_members(block, "qualtrics:answers", _ASKED)
    score = _scores(rng, np.zeros(len(who), dtype=bool)).tolist()
    finished, preview = (~chance(rng, 0.1, len(who))).tolist(), chance(rng, 0.02, len(who)).tolist()
    at = END - DAY - rng.integers(0, 300 * DAY, len(who))
    rows = []
    for p, points, done, is_test, moment, number in zip(
        who.tolist(), score, finished, preview, at.tolist(), customer_systems.numbers_of(block, who), strict=True
    ):
        ended = str(np.datetime64(moment, "s")).replace("T", " ")
        group = "Promoter" if points > 8 else "Passive" if points > 6 else "Detractor"
        rows.append(
            {
                "ResponseId": f"R_{int(people.number[p]):09d}",
                "StartDate": ended,
                "EndDate": ended,
                "RecordedDate": ended,
                "Status": "Survey Preview" if is_test else "IP Address",
                "Finished": str(done),
                "RecipientEmail": people.email[p],
                "LoyaltyNumber": number,
                "Q1_NPS_GROUP": group if done else None,
                "Q1": points if done else None,
            }
        )
    return rows
