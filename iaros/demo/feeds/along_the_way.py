"""What partners and tills on the way tell: lounges, the internet on board, sales on board, nights at partners' hotels.

Each knows a traveller by the member number or by booking and name, never more.
"""

import numpy as np
from numpy.typing import NDArray

from iaros.demo import blemishes
from iaros.demo.block import Block
from iaros.demo.draws import chance
from iaros.demo.fares import CABINS
from iaros.demo.feeds import pnr
from iaros.demo.forms import Row
from iaros.demo.routes import CARRIER
from iaros.demo.seasons import DAY, END, VFR, iso_utc

_NAMED = ("Loyalty Number", "Locator", "Surname", "Given Name")
LOUNGES = ("Visit Id", "Lounge", "Entered At", *_NAMED, "Access By", "Guests")
SESSIONS = ("Session Id", "Connected At", "Access", "Flight", *_NAMED, "Minutes", "Megabytes", "Amount", "Currency")
SALES = ("Receipt", "Line", "Sold At", "Category", "Product", "Quantity", "Amount", "Currency", "Flight", "Cabin",
         "Paid By", *_NAMED)  # fmt: skip
STAYS = ("Partner", "Confirmation", "Service", "Starts At", "Days", "Loyalty Number", "Surname", "Given Name", "City",
         "Amount", "Currency", "Points")  # fmt: skip
_LOOK_BACK = 540 * DAY
_VISITS = np.array([0.01, 0.25, 0.45])  # by cabin
_ONLINE, _PAYS, _BUYS, _STAYS = 0.02, 0.3, 0.015, 0.06
# category, product, euros
_SHELF = (
    ("meal", "Open sandwich", 9.0),
    ("meal", "Soup of the day", 7.0),
    ("drink", "Coffee", 3.0),
    ("drink", "Apple juice", 3.0),
    ("duty_free", "Scarf", 39.0),
    ("duty_free", "Chocolate", 12.0),
)
_PARTNERS, _EUROS_A_NIGHT = ("HARBOUR", "MEADOW"), 128.0


def lounge_visits(block: Block) -> list[Row]:
    """Who sat in a lounge before a flight that was flown: mostly the front of the aircraft and members."""
    rng, coupons, legs = block.generator("lounge_visits"), block.coupons, block.legs
    trip = legs.trip[coupons.leg]
    chosen = _flown(block) & chance(rng, _VISITS[block.bought.cabin[trip]])
    rows = np.flatnonzero(chosen)
    leg = coupons.leg[rows]
    origin = block.scene.timetable.origin[legs.route[leg]]
    places = np.array([f"{code} lounge" for code in block.scene.timetable.airports.codes], dtype=object)
    entered = iso_utc(legs.departs[leg] - rng.integers(2_400, 7_200, len(rows))).astype(object)
    entered = blemishes.spoil(rng, entered, ("before noon", "31/10/2026"))
    guests, named = rng.integers(0, 2, len(rows)).tolist(), _named(block, rng, coupons.traveller[rows])
    access = np.where(block.bought.cabin[trip[rows]] == len(CABINS) - 1, "cabin", "tier").tolist()
    columns = zip(rows.tolist(), places[origin].tolist(), entered.tolist(), access, guests, named, strict=True)
    return [
        {"Visit Id": f"LV-{block.number:03x}-{i:06x}", "Lounge": place, "Entered At": at, "Access By": by,
         "Guests": count, **who}
        for i, place, at, by, count, who in columns
    ]  # fmt: skip


def wifi_sessions(block: Block) -> list[Row]:
    """Who was online on board; most sessions come with the ticket or the tier, some are paid for."""
    rng, coupons, legs = block.generator("wifi_sessions"), block.coupons, block.legs
    rows = np.flatnonzero(_flown(block) & chance(rng, _ONLINE, len(coupons)))
    leg = coupons.leg[rows]
    began = iso_utc(legs.departs[leg] + rng.integers(900, 2_400, len(rows))).tolist()
    pays = chance(rng, _PAYS, len(rows))
    access = blemishes.spoil(rng, np.where(pays, "paid", "complimentary").astype(object), ("unknown",)).tolist()
    minutes, megabytes = rng.integers(5, 90, len(rows)).tolist(), np.round(rng.gamma(2.0, 60.0, len(rows)), 1).tolist()
    flights, named = _flight_numbers(block, leg), _named(block, rng, coupons.traveller[rows])
    columns = zip(rows.tolist(), began, access, flights, minutes, megabytes, pays.tolist(), named, strict=True)
    return [
        {"Session Id": f"WS-{block.number:03x}-{i:06x}", "Connected At": at, "Access": by, "Flight": flight,
         "Minutes": long, "Megabytes": much, "Amount": "9.00" if paid else None, "Currency": "EUR" if paid else None,
         **who}
        for i, at, by, flight, long, much, paid, who in columns
    ]  # fmt: skip


def onboard_sales(block: Block) -> list[Row]:
    """What was bought from the trolley, one to three lines a receipt."""
    rng, coupons, legs = block.generator("onboard_sales"), block.coupons, block.legs
    bought = np.flatnonzero(_flown(block) & chance(rng, _BUYS, len(coupons)))
    lines = rng.integers(1, 4, len(bought))
    rows = np.repeat(bought, lines)
    line = np.arange(len(rows)) - np.repeat(np.cumsum(lines) - lines, lines) + 1
    leg = coupons.leg[rows]
    sold = iso_utc(np.repeat(legs.departs[coupons.leg[bought]] + rng.integers(1_500, 3_000, len(bought)), lines))
    shelf = rng.integers(0, len(_SHELF), len(rows)).tolist()
    quantity = rng.integers(1, 3, len(rows)).tolist()
    cabin = np.array(CABINS)[block.bought.cabin[legs.trip[leg]]].tolist()
    paid_by = blemishes.spoil(rng, np.full(len(rows), "card", dtype=object), ("shells",)).tolist()
    named = _named(block, block.generator("onboard_sales:who"), coupons.traveller[bought])
    who = [named[i] for i in np.repeat(np.arange(len(bought)), lines).tolist()]
    columns = zip(
        rows.tolist(), line.tolist(), sold.tolist(), shelf, quantity, _flight_numbers(block, leg), cabin, paid_by, who,
        strict=True,
    )  # fmt: skip
    return [
        {"Receipt": f"R-{block.number:03x}-{i:06x}", "Line": n, "Sold At": at, "Category": _SHELF[item][0],
         "Product": _SHELF[item][1], "Quantity": count, "Amount": f"{_SHELF[item][2] * count:.2f}", "Currency": "EUR",
         "Flight": flight, "Cabin": letter, "Paid By": by, **person}
        for i, n, at, item, count, flight, letter, by, person in columns
    ]  # fmt: skip


def partner_stays(block: Block) -> list[Row]:
    """Nights that members spent at partners' hotels where they flew to."""
    rng, trips, people, names = block.generator("partner_stays"), block.trips, block.people, block.scene.names
    starts = _first_departure(block)
    gone = (trips.nights > 0) & ~block.status.trip_cancelled & (trips.purpose != VFR)
    gone &= (starts > END - _LOOK_BACK) & (starts < END - DAY) & (block.accounts.of_person[trips.lead] >= 0)
    rows = np.flatnonzero(gone & chance(rng, _STAYS, len(trips)))
    who, nights = trips.lead[rows], np.minimum(trips.nights[rows], 30)
    partner = rng.integers(0, len(_PARTNERS), len(rows)).tolist()
    euros = np.round(nights * _EUROS_A_NIGHT * rng.uniform(0.7, 1.6, len(rows)), 2)
    kind = blemishes.spoil(rng, np.full(len(rows), "hotel", dtype=object), ("tent",)).tolist()
    city = block.scene.timetable.airports.codes[trips.destination[rows]].tolist()
    columns = zip(
        rows.tolist(), who.tolist(), partner, kind, iso_utc(starts[rows] + 20_000).tolist(), nights.tolist(), city,
        euros.tolist(), strict=True,
    )  # fmt: skip
    return [
        {"Partner": _PARTNERS[by], "Confirmation": f"H-{block.number:03x}-{i:06x}", "Service": service, "Starts At": at,
         "Days": days, "Loyalty Number": str(block.accounts.number[block.accounts.of_person[person]]),
         "Surname": names.surname[people.surname[person]], "Given Name": names.given[people.given[person]],
         "City": place, "Amount": f"{amount:.2f}", "Currency": "EUR", "Points": days * 250}
        for i, person, by, service, at, days, place, amount in columns
    ]  # fmt: skip


def _flown(block: Block) -> NDArray[np.bool_]:
    """Coupons of adults that were flown in the last eighteen months."""
    coupons = block.coupons
    lately = (block.legs.departs > END - _LOOK_BACK) & (block.status.leg == 1)
    return lately[coupons.leg] & (block.travellers.age[coupons.traveller] >= 18)


def _first_departure(block: Block) -> NDArray[np.int64]:
    first = np.zeros(len(block.trips), dtype=np.int64)
    begins = block.legs.number == 1
    first[block.legs.trip[begins]] = block.legs.departs[begins]
    return first


def _flight_numbers(block: Block, leg: NDArray) -> list[str]:
    numbers = block.scene.timetable.flight_number(block.legs.route[leg], block.legs.frequency[leg])
    return [f"{CARRIER}{number}" for number in numbers.tolist()]


def _named(block: Block, rng: np.random.Generator, traveller: NDArray) -> list[Row]:
    """By the member number where it was shown, else by booking and name."""
    people, names, travellers = block.people, block.scene.names, block.travellers
    account = block.account_named[traveller]
    shows = (account >= 0) & chance(rng, 0.7, len(traveller))
    locator = pnr.locators(block.trip_number, block.scene.seed)
    trip, person = travellers.trip[traveller].tolist(), travellers.person[traveller].tolist()
    return [
        {"Loyalty Number": str(block.accounts.number[number])}
        if shown
        else {
            "Locator": locator[t],
            "Surname": names.surname_telex[people.surname[p]],
            "Given Name": names.given_telex[people.given[p]],
        }
        for shown, number, t, p in zip(shows.tolist(), account.tolist(), trip, person, strict=True)
    ]
