"""Campaigns by e-mail and what became of each message, told by whichever system sent it."""

from collections.abc import Iterator

import numpy as np

from iaros.demo import blemishes
from iaros.demo.block import Block
from iaros.demo.draws import chance
from iaros.demo.feeds import customer_systems
from iaros.demo.forms import Row
from iaros.demo.seasons import DAY, END

HUBSPOT = ("id", "created", "type", "recipient", "email_campaign_id", "filtered_event", "portal_id")
_CAMPAIGNS = (("winter-sun", 70), ("autumn-fares", 26))  # name, days before the end
_RECEIVES = 0.35
_BOUNCES, _OPENS, _CLICKS, _LEAVES = 0.02, 0.38, 0.22, 0.01
# When each fate follows, in seconds.
_SECONDS = {"processed": 0, "delivered": 4, "bounce": 6, "open": 7_000, "click": 7_030, "unsubscribe": 7_090}
Fate = tuple[int, str, str, int, str]  # person, campaign, what, when, id


def _fates(block: Block, feed: str, who: list[int]) -> Iterator[Fate]:
    """What became of each campaign's message to each of them."""
    rng = block.generator(f"{feed}:fates")
    for campaign, days in _CAMPAIGNS:
        sent = END - days * DAY + 36_000
        draws = rng.random((len(who), 4))
        lag = rng.integers(0, 3 * DAY, len(who)).tolist()
        for person, (bounces, opens, clicks, leaves), wait in zip(who, draws.tolist(), lag, strict=True):
            what = ["processed", "bounce" if bounces < _BOUNCES else "delivered"]
            if what[-1] == "delivered" and opens < _OPENS:
                what.append("open")
                what += ["click"] * (clicks < _CLICKS) + ["unsubscribe"] * (leaves < _LEAVES)
            for fate in what:
                later = wait if _SECONDS[fate] > 60 else 0
                mark = f"{campaign}-{int(block.people.number[person])}-{fate}"
                yield person, campaign, fate, sent + _SECONDS[fate] + later, mark


def _of_the_mailer(block: Block) -> list[int]:
    """Subscribers whom neither of the other two systems writes to."""
    rng, agreed = block.generator("sendgrid:who"), sorted(customer_systems.subscribers(block))
    other = set(customer_systems.chosen_members(block, "klaviyo", 0.10).tolist())
    chosen = chance(rng, _RECEIVES, len(agreed)).tolist()
    return [person for person, takes in zip(agreed, chosen, strict=True) if takes and person not in other]


def sendgrid_events(block: Block) -> list[Row]:
    """The mailer's webhook; a few events are of a kind that does not exist."""
    rng, people = block.generator("sendgrid_events"), block.people
    fates = list(_fates(block, "sendgrid", _of_the_mailer(block)))
    kinds = blemishes.spoil(rng, np.array([fate for _, _, fate, _, _ in fates], dtype=object), ("exploded",))
    return [
        {
            "email": people.email[person],
            "timestamp": at,
            "event": kind,
            "category": [campaign],
            "sg_event_id": mark,
            "sg_message_id": f"{campaign}.{int(people.number[person])}",
        }
        for (person, campaign, _, at, mark), kind in zip(fates, kinds.tolist(), strict=True)
    ]


def klaviyo_events(block: Block) -> list[Row]:
    metrics = {"delivered": "Received Email", "bounce": "Bounced Email", "open": "Opened Email",
               "click": "Clicked Email", "unsubscribe": "Unsubscribed from Email Marketing"}  # fmt: skip
    agreed = customer_systems.subscribers(block)
    who = [p for p in customer_systems.chosen_members(block, "klaviyo", 0.10).tolist() if p in agreed]
    return [
        {
            "type": "event",
            "id": mark,
            "attributes": {
                "datetime": f"{np.datetime64(at, 's')}+00:00",
                "metric": {"name": metrics[fate]},
                "event_properties": {"Campaign Name": campaign},
            },
            "relationships": {
                "profile": {"data": {"type": "profile", "id": customer_systems.profile_id(block, person)}},
            },
        }
        for person, campaign, fate, at, mark in _fates(block, "klaviyo", who)
        if fate in metrics
    ]


def hubspot_events(block: Block) -> list[Row]:
    """Invitations to a fair, to the contacts of the marketing system; filters take some openings for a machine's."""
    rng, people, agreed = block.generator("hubspot_events"), block.people, customer_systems.subscribers(block)
    types = {"processed": "PROCESSED", "delivered": "DELIVERED", "bounce": "BOUNCE", "open": "OPEN", "click": "CLICK",
             "unsubscribe": "SPAMREPORT"}  # fmt: skip
    who = [p for p in customer_systems.chosen_members(block, "hubspot", 0.05).tolist() if p in agreed]
    fates = list(_fates(block, "hubspot", who))
    filtered = chance(rng, 0.1, len(fates)).tolist()
    return [
        {
            "id": mark,
            "created": str(np.datetime64(at, "s")).replace("T", " "),
            "type": types[fate],
            "recipient": people.email[person],
            "email_campaign_id": f"fair-{campaign}",
            "filtered_event": "true" if by_machine and fate == "open" else "false",
            "portal_id": "4727653",
        }
        for (person, campaign, fate, at, mark), by_machine in zip(fates, filtered, strict=True)
    ]
