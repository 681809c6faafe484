"""What operations tell of flights as such: the schedule of the season, and which flights were late or cancelled."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

from iaros.demo.block import Block
from iaros.demo.feeds.airport import Record
from iaros.demo.feeds.seats import between, moment
from iaros.demo.routes import CARRIER
from iaros.demo.scene import Scene
from iaros.demo.seasons import DAY, END, END_DAY, FIRST_DAY_NUMBER

STATUS_COLUMNS = (
    "carrier,flight_number,flight_date,origin,destination,flight_status,scheduled_departure,estimated_departure,"
    "delay_minutes,delay_code,reason"
)
_DAYS_BACK = 200
_LATE = 0.02
_CODES = (("41", "aircraft defect"), ("81", "air traffic flow"), ("93", "late inbound aircraft"), ("71", "weather"))
_SEASON = date(2026, 3, 29), date(2026, 10, 24)
_NEXT = date(2026, 10, 25), date(2027, 3, 27)


def cancelled(block: Block) -> list[Record]:
    """Flights that we cancelled under the people of a block, unless somebody else of it flew on them."""
    seats = between(block, END - _DAYS_BACK * DAY, END)
    flown = {(s.flight, s.at) for s in seats if s.state in ("flown", "no_show")}
    gone = {(s.flight, s.at): s for s in seats if s.state == "refunded" and block.trips.disrupted[s.trip]}
    rows = []
    for flight, seat in sorted(gone.items()):
        day = (seat.local.date() - date(1970, 1, 1)).days - FIRST_DAY_NUMBER
        if flight not in flown and _drawn(block.scene.seed, int(seat.flight), day) >= _LATE:
            code, reason = _CODES[seat.at // 60 % len(_CODES)]
            row = (CARRIER, seat.flight, seat.local.date(), seat.origin, seat.destination, "cancelled", moment(seat.at),
                   "", "", code, reason)  # fmt: skip
            rows.append(Record((",".join(map(str, row)) + "\n").encode()))
    return rows


def late(scene: Scene) -> Iterator[bytes]:
    """Flights of the last months that left more than an hour late; by the flight alone, so that all blocks agree."""
    table, codes = scene.timetable, scene.timetable.airports.codes
    for route in range(len(table.origin)):
        origin, destination = int(table.origin[route]), int(table.destination[route])
        for frequency in range(int(table.daily[route])):
            number = int(table.first_number[route]) + 2 * frequency
            for day in range(END_DAY - _DAYS_BACK, END_DAY):
                drawn = _drawn(scene.seed, number, day)
                if drawn >= _LATE:
                    continue
                minute = int(table.minutes[route, frequency]) - int(table.offset_minutes[origin, day])
                at = (day + FIRST_DAY_NUMBER) * DAY + minute * 60
                minutes = 65 + int(drawn * 10_000)
                code, reason = _CODES[number % len(_CODES)]
                local = date(1970, 1, 1) + timedelta(days=day + FIRST_DAY_NUMBER)
                row = (CARRIER, number, local, codes[origin], codes[destination], "delayed", moment(at),
                       moment(at + minutes * 60), minutes, code, reason)  # fmt: skip
                yield (",".join(map(str, row)) + "\n").encode()


def _drawn(seed: int, number: int, day: int) -> float:
    digest = hashlib.blake2b(f"{seed}/{number}/{day}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def schedule(scene: Scene) -> Iterator[bytes]:
    """The timetable of the season and the next, in records of 200 characters."""
    serial = 1
    yield _numbered("1AIRLINE STANDARD SCHEDULE DATA SET", serial)
    for first, last in (_SEASON, _NEXT):
        serial += 1
        yield _numbered(f"2L{CARRIER:3}{'':9}{_day(first)}{_day(last)}{_day(date(2026, 2, 1))}", serial)
        for leg in _legs(scene, first, last):
            serial += 1
            yield _numbered(leg, serial)
        serial += 1
        yield f"5 {CARRIER:3}".ljust(187).encode() + f"{serial - 1:06d}E{serial:06d}\n".encode()


def _numbered(text: str, serial: int) -> bytes:
    return f"{text:194}{serial:06d}\n".encode()


def _day(day: date) -> str:
    return f"{day:%d%b%y}".upper()


def _legs(scene: Scene, first: date, last: date) -> Iterator[str]:
    table, codes = scene.timetable, scene.timetable.airports.codes
    day = first.toordinal() - date(1970, 1, 1).toordinal() - FIRST_DAY_NUMBER + 10
    for route in range(len(table.origin)):
        origin, destination = int(table.origin[route]), int(table.destination[route])
        there, here = (int(table.offset_minutes[airport, day]) for airport in (destination, origin))
        for frequency in range(int(table.daily[route])):
            departs = int(table.minutes[route, frequency])
            arrives = departs - here + int(table.block_minutes[route]) + there
            number = int(table.first_number[route]) + 2 * frequency
            yield (
                f"3 {CARRIER:3}{number:4d}0101J{_day(first)}{_day(last)}1234567 "
                f"{codes[origin]}{_clock(departs) * 2}{_variation(here)}  "
                f"{codes[destination]}{_clock(arrives) * 2}{_variation(there)}  73HYBMHQ"
            )


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}{minutes % 60:02d}"


def _variation(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
