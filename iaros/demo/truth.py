"""The truth beside the files: who is who, what each likes, and what the next months really brought.

Nothing here is ever loaded by the platform; it is what its answers are measured against.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from iaros.demo import airports, itineraries
from iaros.demo.ancillaries import CODES
from iaros.demo.block import Block
from iaros.demo.draws import logistic
from iaros.demo.feeds import consents, members, passengers, pnr, stations, systems, web
from iaros.demo.people import KINDS, PURPOSE_MIX
from iaros.demo.seasons import DAY, END, FUTURE_DAYS, iso_date, iso_utc
from iaros.demo.trips import utilities

_LOOK_BACK = 730 * DAY
_CHURN = 90 * DAY
PURPOSES_OF_TRIPS = ("business", "leisure", "visiting")  # in the order of seasons.BUSINESS, LEISURE, VFR
_ROUTES_KEPT = 10


def people_table(block: Block) -> pa.Table:
    """One row a person. `will_churn_90d` is empty for those who have not flown in the last 24 months."""
    people, future = block.people, _future(block)
    mix = PURPOSE_MIX[people.kind]
    return pa.table(
        {
            "person": people.number,
            "given_name": _spellings(block, "given", people.given),
            "surname": _spellings(block, "surname", people.surname),
            "email": people.email.tolist(),
            "phone": _telephones(block),
            "country": people.country.tolist(),
            "household": people.homes.start[people.household] + people.number[0],
            "adult": people.adult,
            "birth_date": pa.array(iso_date(people.birth).tolist()),
            "home_airport": block.scene.timetable.airports.codes[people.home].tolist(),
            "kind": np.array(KINDS)[people.kind].tolist(),
            "business_share": mix[:, 0],
            "leisure_share": mix[:, 1],
            "vfr_share": mix[:, 2],
            "trips_per_year_wish": people.rate,
            "loyalty_numbers": _numbers_held(block),
            "trips_booked": future["trips"],
            "flights_flown": future["flown"],
            "flown_24m": future["flown_24m"] > 0,
            "will_churn_90d": pa.array(future["churns"], mask=future["flown_24m"] == 0),
            "flights_12m_ahead": future["flown_ahead"],
            "value_12m_ahead_eur": future["value_ahead"],
        }
    )


def _spellings(block: Block, part: str, at: NDArray[np.int64]) -> list[str]:
    """A name in each of its spellings, with bars between: all of them are right."""
    names = block.scene.names
    written = [getattr(names, each) for each in (part, f"{part}_plain", f"{part}_telex")]
    return ["|".join(dict.fromkeys(str(each[i]) for each in written)) for i in at.tolist()]


def _telephones(block: Block) -> list[str]:
    """The telephone of each person, with bars between it and those they told the loyalty programme of later."""
    people, accounts = block.people, block.accounts
    known: list[list[str]] = [[number] if number else [] for number in people.phone.tolist()]
    holder = dict(zip(accounts.number.astype(str).tolist(), accounts.person.tolist(), strict=True))
    later = members.tables(block)[1]
    for number, told in zip(later["Loyalty Number"].to_pylist(), later["Phone"].to_pylist(), strict=True):
        if told and told.startswith("+"):
            known[holder[number]].append(told)
    return ["|".join(dict.fromkeys(numbers)) for numbers in known]


def _numbers_held(block: Block) -> NDArray[np.int64]:
    return np.bincount(block.accounts.person, minlength=len(block.people))


def _future(block: Block) -> dict[str, NDArray]:
    """What the simulation holds for each person before and after the end of the files."""
    people, trips, travellers, coupons = block.people, block.trips, block.travellers, block.coupons
    n = len(people)
    ends = itineraries.status_at(np.random.default_rng([block.scene.seed, block.number]), trips, block.legs, END * 2)
    person = travellers.person[coupons.traveller]
    departs = block.legs.departs[coupons.leg]
    flown_by_end, flown_later = block.status.leg[coupons.leg] == 1, ends.leg[coupons.leg] == 1
    created = trips.created[travellers.trip]

    def count(who: NDArray, chosen: NDArray, weights: NDArray | None = None) -> NDArray:
        return np.bincount(who[chosen], None if weights is None else weights[chosen], minlength=n)

    open_soon = (created < END + _CHURN) & ~ends.trip_cancelled[travellers.trip]
    first = itineraries.first_departure(trips, block.legs)[travellers.trip]
    ahead = (created >= END) & (created < END + FUTURE_DAYS * DAY) & ~ends.trip_cancelled[travellers.trip]
    extras = block.extras
    extra_ahead = (extras.bought >= END) & (extras.bought < END + FUTURE_DAYS * DAY)
    spent = count(person, ahead[coupons.traveller], coupons.euros)
    spent = spent + count(travellers.person[extras.traveller], extra_ahead, extras.euros)
    soon = (departs >= END) & (departs < END + _CHURN) & flown_later
    return {
        "trips": count(travellers.person, created < END),
        "flown": count(person, flown_by_end),
        "flown_24m": count(person, flown_by_end & (departs >= END - _LOOK_BACK)),
        "churns": (count(person, soon) == 0) & (count(travellers.person, open_soon & (first >= END)) == 0),
        "flown_ahead": count(person, flown_later & (departs >= END) & (departs < END + FUTURE_DAYS * DAY)),
        "value_ahead": np.round(spent, 2),
    }


def mentions_table(block: Block) -> pa.Table:
    """One row a mention of a person in a file: source, the row's own key, and who it really is."""
    trips, travellers = block.trips, block.travellers
    locator = pnr.locators(block.trip_number, block.scene.seed)
    keys = passengers.native_keys(block, locator, iso_utc(trips.created).tolist())
    booked = np.flatnonzero((trips.created < END)[travellers.trip])
    number = block.people.number
    parts = (
        ("loyalty_members", block.accounts.number.astype(str).tolist(), number[block.accounts.person]),
        *(
            (name, [keys[i] for i in told.tolist()], number[travellers.person[told]])
            for name, told in systems.divided(block.trip_number[travellers.trip], booked).items()
        ),
        ("web_events", web.event_ids(block), web.people_of(block)),
        ("consents", consents.consent_ids(block), consents.people_of(block)),
        *stations.mentions(block),
    )
    return pa.table(
        {
            "source": [source for source, native, _ in parts for _ in native],
            "native_key": [key for _, native, _ in parts for key in native],
            "person": np.concatenate([who for *_, who in parts]),
        }
    )


def trips_table(block: Block) -> pa.Table:
    """One row a booking made by the end of the files: its locator, and why the trip was really made."""
    booked = np.flatnonzero(block.trips.created < END)
    locator = pnr.locators(block.trip_number, block.scene.seed)
    return pa.table(
        {
            "locator": [locator[i] for i in booked.tolist()],
            "purpose": np.array(PURPOSES_OF_TRIPS)[block.trips.purpose[booked]].tolist(),
        }
    )


def tastes_table(block: Block) -> pa.Table:
    """How likely each person's next trip goes where (ten likeliest), and how much each is drawn to each extra."""
    people, codes = block.people, block.scene.timetable.airports.codes
    adults = np.flatnonzero(people.adult)
    chances = _destination_chances(block, adults)
    best = np.argsort(-chances, axis=1, kind="stable")[:, :_ROUTES_KEPT]
    route = np.char.add(np.char.add(codes[people.home[adults]][:, None], "-"), codes[best])
    extra = logistic(people.ancillary_taste[adults])
    kinds = ["route"] * route.size + ["ancillary"] * extra.size
    return pa.table(
        {
            "person": np.r_[
                np.repeat(people.number[adults], _ROUTES_KEPT), np.repeat(people.number[adults], len(CODES))
            ],
            "item": [*route.ravel().tolist(), *(list(CODES) * len(adults))],
            "kind": kinds,
            "affinity": np.r_[np.take_along_axis(chances, best, axis=1).ravel(), extra.ravel()].astype(np.float32),
        }
    )


def _destination_chances(block: Block, who: NDArray) -> NDArray[np.float64]:
    total = np.zeros((len(who), airports.COUNT))
    for purpose in range(3):
        utility = utilities(block.people, block.scene.timetable, who, np.full(len(who), purpose))
        weight = np.exp(utility - utility.max(axis=1, keepdims=True))
        share = PURPOSE_MIX[block.people.kind[who], purpose][:, None]
        total += share * weight / weight.sum(axis=1, keepdims=True)
    return total
