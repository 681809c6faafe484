"""A block: up to 10,000 people with everything that happens to them, drawn from the seed and the block's number.

Blocks never look at each other, so a world of any size is written with the memory of one block.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iaros.demo import ancillaries, behaviour, consent, itineraries, loyalty, people, trips
from iaros.demo.ancillaries import Ancillaries
from iaros.demo.behaviour import Events
from iaros.demo.consent import Consents
from iaros.demo.itineraries import Coupons, Legs, Purchases, Status
from iaros.demo.loyalty import Accounts
from iaros.demo.people import People
from iaros.demo.scene import Scene
from iaros.demo.trips import Travellers, Trips

PEOPLE = 10_000
TRIPS_BITS = 17  # room for 131,072 trips in a block
_PARTS = ("people", "trips", "flights", "extras", "loyalty", "web", "consent", "feeds")


@dataclass(frozen=True)
class Block:
    number: int
    scene: Scene
    people: People
    trips: Trips
    travellers: Travellers
    times: NDArray[np.float64]  # where in its day each way of a trip lies
    legs: Legs
    bought: Purchases
    coupons: Coupons
    status: Status
    extras: Ancillaries
    accounts: Accounts
    account_named: NDArray[np.int64]  # per traveller
    events: Events
    consents: Consents

    @property
    def trip_number(self) -> NDArray[np.int64]:
        """Number of each trip in the whole world."""
        return (self.number << TRIPS_BITS) + np.arange(len(self.trips))

    def generator(self, feed: str) -> np.random.Generator:
        """A generator of its own for each feed, so that feeds can be written in any order."""
        return np.random.default_rng([self.scene.seed, self.number, len(_PARTS), *feed.encode()])


def draw(scene: Scene, number: int, first: int, size: int) -> Block:
    rng = {part: np.random.default_rng([scene.seed, number, i]) for i, part in enumerate(_PARTS)}
    folk = people.draw(rng["people"], first, size, scene.names, scene.timetable.airports, len(scene.agencies))
    journeys, travellers = trips.draw(rng["trips"], folk, scene.timetable)
    times = itineraries.times_of_day(rng["flights"], journeys)
    legs = itineraries.legs(scene.timetable, journeys, times, journeys.day)
    bought = itineraries.purchases(rng["flights"], scene.timetable, scene.markets, journeys, legs)
    departs = itineraries.first_departure(journeys, legs)
    extras = ancillaries.draw(rng["extras"], folk, journeys, travellers, bought.brand, bought.far, departs)
    accounts = loyalty.draw(rng["loyalty"], folk, journeys, travellers)
    return Block(
        number=number,
        scene=scene,
        people=folk,
        trips=journeys,
        travellers=travellers,
        times=times,
        legs=legs,
        bought=bought,
        coupons=itineraries.coupons(journeys, travellers, legs, bought),
        status=itineraries.status_at(rng["flights"], journeys, legs),
        extras=extras,
        accounts=accounts,
        account_named=loyalty.named_on(rng["loyalty"], accounts, journeys, travellers),
        events=behaviour.draw(rng["web"], folk, journeys, travellers, accounts, departs, scene.timetable),
        consents=consent.draw(rng["consent"], folk, accounts, journeys),
    )
