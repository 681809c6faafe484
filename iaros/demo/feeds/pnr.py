"""`pnr.ndjson`: one booking a line; a booking that was changed or cancelled stands there twice. Some bookings are other
systems' (`systems.py`), and are written in those systems' own formats instead (`reservations.py`).

The first line of such a booking is how it was made, the second how it ended. Times of flights are the
airport's own with their offset, all others UTC.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from iaros.demo import blemishes, itineraries
from iaros.demo.ancillaries import CODES
from iaros.demo.block import TRIPS_BITS, Block
from iaros.demo.draws import chance
from iaros.demo.fares import CABINS, CURRENCY_OF, PER_EURO
from iaros.demo.feeds import contacts, passengers, reservations, systems
from iaros.demo.feeds.groups import Groups, Rows, grouped
from iaros.demo.itineraries import Legs
from iaros.demo.routes import CARRIER
from iaros.demo.seasons import END, FIRST_DAY_NUMBER, iso_utc
from iaros.demo.trips import CHANNELS

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ234567"
_LOCATORS = len(_LETTERS) ** 6
_LOCATOR_STEP = 196_418_317
_TICKET_STOCK = "889"
_LATE = 0.012
_SEGMENT = np.array(["HK", "flown", "XX"], dtype=object)
_COUPON = np.array(["open", "flown", "refunded"], dtype=object)


@dataclass(frozen=True)
class Picture:
    """All bookings of a block at one stage of their life."""

    legs: Legs
    leg_status: NDArray[np.int64]
    cancelled: NDArray[np.bool_]
    modified: NDArray[np.int64]
    sold: NDArray[np.bool_]  # per ancillary: bought by then


def files(block: Block) -> dict[str, list[bytes]]:
    """What each reservation system tells of the block: this feed's lines, and native records of the others."""
    rng = block.generator("pnr")
    first, last = _as_booked(block), _at_the_end(block)
    shared = passengers.rows(rng, block), contacts.rows(rng, block)
    booked = np.flatnonzero(block.trips.created < END)
    twice = booked[_told_twice(rng, block, last)[booked]]
    told = _documents(rng, block, first, twice, *shared) + _documents(rng, block, last, booked, *shared)
    at = np.r_[first.modified[twice], last.modified[booked]]
    late = chance(rng, _LATE, len(at))
    order = np.lexsort((np.arange(len(at)), at, late))
    system = systems.of(block.trip_number)
    ours = [orjson.dumps(told[i]) for i in order if system[np.r_[twice, booked][i]] == "pnr"]
    written = {"pnr": blemishes.torn(rng, ours)}
    for name, write in reservations.WRITERS.items():
        # Other systems tell how a booking ended.
        written[name] = [write(told[len(twice) + i]) for i in np.flatnonzero(system[booked] == name).tolist()]
    return written


def locators(trip_number: NDArray[np.int64], seed: int) -> list[str]:
    """Six letters or digits, one for each trip; the step has no factor in common with their number."""
    code = (trip_number * _LOCATOR_STEP + seed * 7_919) % _LOCATORS
    letters = np.array(list(_LETTERS))
    places = [letters[code // len(_LETTERS) ** power % len(_LETTERS)] for power in range(6)]
    out = places[0]
    for place in places[1:]:
        out = np.char.add(out, place)
    return out.tolist()


def _as_booked(block: Block) -> Picture:
    trips = block.trips
    day = trips.day - np.where(trips.changed > 0, trips.shifted_days, 0)
    legs = itineraries.legs(block.scene.timetable, trips, block.times, day)
    bought = block.extras.bought <= trips.created[block.travellers.trip[block.extras.traveller]]
    nothing = np.zeros(len(legs), dtype=np.int64)
    return Picture(legs, nothing, np.zeros(len(trips), dtype=bool), trips.created, bought)


def _at_the_end(block: Block) -> Picture:
    trips, legs, status = block.trips, block.legs, block.status
    trip_of_extra = block.travellers.trip[block.extras.traveller]
    # Nothing is sold to a booking after its cancellation.
    limit = np.where(status.trip_cancelled & (trips.cancelled > 0), trips.cancelled, END)
    sold = block.extras.bought < limit[trip_of_extra]
    modified = trips.created.copy()
    np.maximum.at(modified, trip_of_extra[sold], block.extras.bought[sold])
    flown = status.leg == 1
    np.maximum.at(modified, legs.trip[flown], np.minimum(legs.arrives + 10_800, END - 60)[flown])
    changed = (trips.changed > 0) & (trips.changed < END) & ~status.trip_cancelled
    modified = np.maximum(modified, np.where(changed, trips.changed, 0))
    by_us = status.trip_cancelled & ~((trips.cancelled > 0) & (trips.cancelled < END))
    departs = itineraries.first_departure(trips, legs)
    modified = np.where(by_us, np.maximum(departs - 18_000, trips.created + 60), modified)
    by_them = status.trip_cancelled & ~by_us
    return Picture(legs, status.leg, status.trip_cancelled, np.where(by_them, trips.cancelled, modified), sold)


def _told_twice(rng: np.random.Generator, block: Block, last: Picture) -> NDArray[np.bool_]:
    """Changed and cancelled bookings, and a few others, come as two lines."""
    trips = block.trips
    moved = (trips.changed > 0) & (trips.changed < END)
    return (moved | last.cancelled | chance(rng, 0.04, len(trips))) & (last.modified > trips.created)


def _documents(
    rng: np.random.Generator, block: Block, picture: Picture, chosen: NDArray, people: Groups, reach: Groups
) -> list[dict[str, Any]]:
    trips = block.trips
    currency = np.array([CURRENCY_OF.get(code, "EUR") for code in block.people.country[trips.lead]], dtype=object)
    rate = np.array([PER_EURO[code] for code in currency])
    segments = _segments(rng, block, picture)
    tickets, fare_total = _tickets(rng, block, picture, rate)
    extras, extra_total = _extras(block, picture, rate)
    locator = locators(block.trip_number, block.scene.seed)
    created, modified = iso_utc(trips.created).tolist(), iso_utc(picture.modified).tolist()
    country, channel = block.people.country[trips.lead], np.array(CHANNELS, dtype=object)[trips.channel]
    total, agency = (fare_total + extra_total).tolist(), contacts.agencies(block)
    status = np.where(picture.cancelled, "cancelled", "active").astype(object)
    return [
        {
            "locator": locator[t],
            "created_at": created[t],
            "modified_at": modified[t],
            "point_of_sale": country[t],
            "channel": channel[t],
            "agency": agency[t],
            "currency": currency[t],
            "total_minor": total[t],
            "status": status[t],
            "contacts": reach.of(t),
            "passengers": people.of(t),
            "segments": segments.of(t),
            "tickets": tickets.of(t),
            "ancillaries": extras.of(t),
        }
        for t in chosen.tolist()
    ]


def _segments(rng: np.random.Generator, block: Block, picture: Picture) -> Groups:
    legs, timetable, bought = picture.legs, block.scene.timetable, block.bought
    codes = timetable.airports.codes.astype(object)
    origin, destination = timetable.origin[legs.route], timetable.destination[legs.route]
    letter, cabin = _classes(block, legs), np.array(CABINS, dtype=object)[bought.cabin[legs.trip]]
    brand = np.array(["LT", "CL", "FX"], dtype=object)[bought.brand[legs.trip]]
    back = np.where(block.trips.nights[legs.trip] >= 0, "RT", "OW").astype(object)
    columns = zip(
        legs.number.tolist(),
        timetable.flight_number(legs.route, legs.frequency).astype(str).tolist(),
        blemishes.spoil(rng, codes[origin], ("QQQ", "XX1"), blemishes.SPOILT / 8),
        codes[destination],
        local_iso(timetable.offset_minutes, origin, legs.departs),
        local_iso(timetable.offset_minutes, destination, legs.arrives),
        cabin,
        letter,
        letter + back + brand + "NV",
        _SEGMENT[picture.leg_status],
        strict=True,
    )
    rows: Rows = [
        {
            "number": number,
            "carrier": CARRIER,
            "flight_number": flight,
            "origin": a,
            "destination": b,
            "departs_at": departs,
            "arrives_at": arrives,
            "cabin": cabin,
            "booking_class": rbd,
            "fare_basis": basis,
            "status": status,
        }
        for number, flight, a, b, departs, arrives, cabin, rbd, basis, status in columns
    ]
    return grouped(rows, legs.trip, len(block.trips))


def _classes(block: Block, legs: Legs) -> NDArray[np.object_]:
    """Moving a trip's dates can change its number of legs; each way keeps the class it was sold in."""
    letters = np.full((len(block.trips), 2), "", dtype=object)
    letters[block.legs.trip, block.legs.way_back.astype(int)] = block.bought.leg_class
    return letters[legs.trip, legs.way_back.astype(int)]


def local_iso(offset_minutes: NDArray, airport: NDArray, at: NDArray) -> list[str]:
    """`2026-07-03T06:45:00+02:00`: the moment on the airport's own clock."""
    offset = offset_minutes[airport, at // 86_400 - FIRST_DAY_NUMBER]
    local = np.datetime_as_string((at + offset * 60).astype("datetime64[s]"))
    known = np.unique(offset)
    written = np.array([f"{'-' if m < 0 else '+'}{abs(m) // 60:02d}:{abs(m) % 60:02d}" for m in known.tolist()])
    return np.char.add(local, written[np.searchsorted(known, offset)]).tolist()


def _tickets(rng: np.random.Generator, block: Block, picture: Picture, rate: NDArray) -> tuple[Groups, NDArray]:
    """One ticket a traveller with a coupon a leg, and what each trip's fares add up to."""
    travellers, trips = block.travellers, block.trips
    coupons = itineraries.coupons(trips, travellers, picture.legs, _priced(block, picture.legs))
    trip = travellers.trip[coupons.traveller]
    minor = (np.round(coupons.euros * rate[trip]) * 100).astype(np.int64)
    state = _COUPON[picture.leg_status[coupons.leg]]
    wrong = chance(rng, blemishes.SPOILT / 8, len(minor))
    shown = np.where(wrong, -minor, minor).tolist()
    number = picture.legs.number[coupons.leg].tolist()
    rows: Rows = [
        {"number": n, "segment": n, "status": status, "fare_minor": fare}
        for n, status, fare in zip(number, state, shown, strict=True)
    ]
    edges = np.searchsorted(coupons.traveller, np.arange(len(travellers) + 1)).tolist()
    numbers = _ticket_numbers(block)
    tickets: Rows = [
        {"number": ticket, "passenger": passenger, "coupons": rows[edges[i] : edges[i + 1]]}
        for i, (ticket, passenger) in enumerate(zip(numbers, travellers.number.tolist(), strict=True))
    ]
    total = np.bincount(trip, weights=minor, minlength=len(trips)).astype(np.int64)
    return grouped(tickets, travellers.trip, len(trips)), total


def _priced(block: Block, legs: Legs) -> itineraries.Purchases:
    """The fares by way (out, back) put on other legs of the same trips."""
    if legs is block.legs:
        return block.bought
    way = block.legs.trip * 2 + block.legs.way_back
    paid = np.bincount(way, weights=block.bought.leg_euros, minlength=2 * len(block.trips))
    new = legs.trip * 2 + legs.way_back
    share = paid[new] / np.bincount(new, minlength=2 * len(block.trips))[new]
    old = block.bought
    return itineraries.Purchases(old.cabin, old.brand, old.far, share, old.leg_class, old.leg_step)


def _ticket_numbers(block: Block) -> list[str]:
    serial = ((block.number << TRIPS_BITS) + block.travellers.trip) * 10 + block.travellers.number
    return [f"{_TICKET_STOCK}{n:010d}" for n in serial.tolist()]


def _extras(block: Block, picture: Picture, rate: NDArray) -> tuple[Groups, NDArray]:
    """Extras sold by then; a seat or a meal hangs on the first segment, the rest on the whole booking."""
    extras, travellers = block.extras, block.travellers
    kept = np.flatnonzero(picture.sold)
    traveller, code = extras.traveller[kept], extras.code[kept]
    trip = travellers.trip[traveller]
    minor = (np.round(extras.euros[kept] * rate[trip]) * 100).astype(np.int64)
    on_segment = np.isin(code, [CODES.index("seat"), CODES.index("meal"), CODES.index("extra_legroom")])
    rows: Rows = [
        {"passenger": passenger, "segment": 1 if on else None, "code": name, "price_minor": price, "bought_at": at}
        for passenger, on, name, price, at in zip(
            travellers.number[traveller].tolist(),
            on_segment.tolist(),
            np.array(CODES, dtype=object)[code],
            minor.tolist(),
            iso_utc(extras.bought[kept]).tolist(),
            strict=True,
        )
    ]
    total = np.bincount(trip, weights=minor, minlength=len(block.trips)).astype(np.int64)
    return grouped(rows, trip, len(block.trips)), total
