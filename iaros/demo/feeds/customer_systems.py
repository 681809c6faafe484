"""Exports of customer systems: members whom sales, marketing and the newsletter hold as contacts of their own."""

import numpy as np
from numpy.typing import NDArray

from iaros.demo import blemishes, tellers
from iaros.demo.block import Block
from iaros.demo.consent import GRANTED
from iaros.demo.draws import chance
from iaros.demo.forms import Row
from iaros.demo.households import COUNTRY_NAMES, TOWNS
from iaros.demo.seasons import DAY, END, iso_utc

SALESFORCE = (
    "Id", "Salutation", "FirstName", "LastName", "Email", "MobilePhone", "MailingStreet", "MailingCity",
    "MailingPostalCode", "MailingCountryCode", "Loyalty_Number__c", "User_Id__c", "HasOptedOutOfEmail", "LeadSource",
    "IsDeleted", "LastModifiedDate",
)  # fmt: skip
HUBSPOT = (
    "id", "property_firstname", "property_lastname", "property_email", "property_country", "property_loyalty_number",
    "property_createdate", "property_hs_merged_object_ids",
)  # fmt: skip
MERGES = ("canonical_vid", "vid_to_merge", "timestamp")
_SALES, _MARKETING, _NEWSLETTER, _FOLDED = 0.06, 0.05, 0.10, 0.06
_SLIPS = 0.015
_BUSINESS_KINDS = 2  # frequent and occasional business travellers come first among the kinds
_EMAIL_QUESTION = 0


def chosen_members(block: Block, feed: str, share: float, among: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Members with an address, this share of those among whom is chosen; the same each time."""
    people = block.people
    member = (block.accounts.of_person >= 0) & (people.email != None)  # noqa: E711 (elementwise)
    if among is not None:
        member &= among
    return np.flatnonzero(member & chance(block.generator(f"{feed}:who"), share, len(people)))


def numbers_of(block: Block, who: NDArray[np.int64]) -> list[str]:
    """The loyalty number of each."""
    return block.accounts.number[block.accounts.of_person[who]].astype(str).tolist()


def names_of(block: Block, rng: np.random.Generator, who: NDArray[np.int64]) -> tuple[list[str], list[str]]:
    """Given names and surnames as somebody typed them."""
    names, people = block.scene.names, block.people
    given, surname = names.given[people.given[who]], names.surname[people.surname[who]]
    return blemishes.with_slips(rng, given, _SLIPS).tolist(), blemishes.with_slips(rng, surname, _SLIPS).tolist()


def salesforce_contacts(block: Block) -> list[Row]:
    """Business travellers whom sales looks after; a few rows have lost their id, a few stand twice."""
    rng, people = block.generator("salesforce_contacts"), block.people
    who = chosen_members(block, "salesforce_contacts", _SALES * 4, people.kind < _BUSINESS_KINDS)
    given, surname = names_of(block, rng, who)
    home = people.household[who]
    town = np.array([row[1] for row in TOWNS], dtype=object)[people.homes.town[home]]
    ids = np.array([f"003NV{people.number[p]:010d}" for p in who], dtype=object)
    changed = iso_utc(END - 3600 - rng.integers(0, 500 * DAY, len(who))).tolist()
    rows = [
        {
            "Id": record,
            "Salutation": "Ms." if people.woman[p] else "Mr.",
            "FirstName": first,
            "LastName": last,
            "Email": people.email[p],
            "MobilePhone": people.phone[p],
            "MailingStreet": people.homes.address[h],
            "MailingCity": city,
            "MailingPostalCode": people.homes.postal_code[h],
            "MailingCountryCode": people.country[p],
            "Loyalty_Number__c": number,
            "User_Id__c": tellers.login(int(people.number[p])),
            "HasOptedOutOfEmail": "true" if out else "false",
            "LeadSource": "Corporate",
            "IsDeleted": "false",
            "LastModifiedDate": at,
        }
        for record, first, last, city, number, out, at, p, h in zip(
            *(blemishes.spoil(rng, ids, ("", "#N/A")), given, surname, town, numbers_of(block, who)),
            *(chance(rng, 0.02, len(who)), changed, who, home),
            strict=True,
        )
    ]
    return rows + [row for row, again in zip(rows, chance(rng, 0.02, len(rows)), strict=True) if again]


def _marketing(block: Block) -> NDArray[np.int64]:
    return chosen_members(block, "hubspot", _MARKETING)


def hubspot_contacts(block: Block) -> list[Row]:
    """Members in the marketing system; some stand there once more under another id, without their number."""
    rng, people, who = block.generator("hubspot"), block.people, _marketing(block)
    given, surname = names_of(block, rng, who)
    made = iso_utc(END - rng.integers(0, 900 * DAY, len(who))).tolist()
    folded = dict(_folded(block))
    rows: list[Row] = []
    for p, first, last, number, at in zip(who.tolist(), given, surname, numbers_of(block, who), made, strict=True):
        row: Row = {
            "id": contact_id(block, p),
            "property_firstname": first,
            "property_lastname": last,
            "property_email": people.email[p],
            "property_country": COUNTRY_NAMES[people.country[p]],
            "property_loyalty_number": number,
            "property_createdate": at.replace("T", " ").rstrip("Z"),
        }
        rows.append(row)
        if p in folded:
            rows.append({**row, "id": folded[p], "property_loyalty_number": None})
    return rows


def contact_id(block: Block, person: int) -> str:
    return str(50_000_000 + int(block.people.number[person]))


def _folded(block: Block) -> list[tuple[int, str]]:
    who = _marketing(block)
    twice = who[chance(block.generator("hubspot:folded"), _FOLDED, len(who))]
    return [(p, str(90_000_000 + int(block.people.number[p]))) for p in twice.tolist()]


def hubspot_merges(block: Block) -> list[Row]:
    """Staff found them out and folded the second contact into the first."""
    return [
        {"canonical_vid": contact_id(block, p), "vid_to_merge": second, "timestamp": "2026-10-20 10:15:00"}
        for p, second in _folded(block)
    ]


def subscribers(block: Block) -> dict[int, int]:
    """Members who agreed to e-mails and stayed, person -> when; a household's common address is left out."""
    answers, people = block.consents, block.people
    mine = (answers.question == _EMAIL_QUESTION) & (answers.account >= 0)
    last = dict(
        zip(answers.person[mine].tolist(), zip(answers.state[mine], answers.at[mine], strict=True), strict=True)
    )
    shared = people.homes.shares_email[people.household]
    return {
        person: int(at)
        for person, (state, at) in last.items()
        if state == GRANTED and people.email[person] and not shared[person]
    }


def klaviyo_profiles(block: Block) -> list[Row]:
    """Subscribers of the newsletter, each with the moment of the consent."""
    rng, people, agreed = block.generator("klaviyo_profiles"), block.people, subscribers(block)
    who = np.array([p for p in chosen_members(block, "klaviyo", _NEWSLETTER).tolist() if p in agreed], dtype=np.int64)
    given, surname = names_of(block, rng, who)
    return [
        {
            "type": "profile",
            "id": profile_id(block, p),
            "attributes": {
                "email": people.email[p],
                "first_name": first,
                "last_name": last,
                "locale": f"{people.language[p]}-{people.country[p]}",
                "location": {"country": people.country[p]},
                "properties": {"loyalty_number": number},
                "updated": f"{iso_utc(np.array([agreed[p]]))[0][:-1]}+00:00",
                "subscriptions": {
                    "email": {
                        "marketing": {
                            "consent": "SUBSCRIBED",
                            "consent_timestamp": f"{iso_utc(np.array([agreed[p]]))[0][:-1]}+00:00",
                        }
                    }
                },
            },
        }
        for p, first, last, number in zip(who.tolist(), given, surname, numbers_of(block, who), strict=True)
    ]


def profile_id(block: Block, person: int) -> str:
    return f"01NV{int(block.people.number[person]):09d}"
