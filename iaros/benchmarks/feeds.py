"""Files for measurements: members, bookings and points of any number of people, made fast and the same each time.

About ten facts a member, in the formats of the real feeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson

from iaros.demo import END_AT

MEMBER_HEADER = (
    "Loyalty Number,Title,Given Name,Surname,Email,Email Verified,Phone,Birth Date,Gender,Language,Country,Province,"
    "City,Postal Code,Address,Home Airport,Loyalty Card,Enrollment Year,Enrollment Month,Cancellation Year,"
    "Cancellation Month\n"
)
ACTIVITY_HEADER = (
    "Loyalty Number,Year,Month,Flights Booked,Flights with Companions,Total Flights,Distance,Points Accumulated,"
    "Points Redeemed,Dollar Cost Points Redeemed\n"
)
_GIVEN = "Ida Emma Freja Sofie Lars Peter Anna Maja Jens Mette Karl Nora Erik Astrid Jonas Clara Oskar Liv Hugo Alma"
_SYLLABLES = "an ber dal ek fos gran hol ing jør kal lund mar nor ost pet ras sand tor ulv vik wes ylv zan åk"
_FIRST, _PARTS = _GIVEN.split(), _SYLLABLES.split()
_PLACES = (
    ("DK", "Copenhagen", "CPH"),
    ("SE", "Malmo", "CPH"),
    ("NO", "Oslo", "OSL"),
    ("DE", "Hamburg", "HAM"),
    ("GB", "London", "LHR"),
)
_ROUTES = ("LIS", "LHR", "FRA", "BCN", "OSL", "ARN", "FCO", "AMS", "JFK", "BKK")
_LETTERS = np.array(list("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"))


def members(numbers: np.ndarray, *, moved: bool = False) -> Iterator[str]:
    """A CSV row a member number; the same number gives the same person, `moved` gives them another address."""
    for block in np.array_split(numbers, max(1, len(numbers) // 10_000)):
        for number, h in zip(block.tolist(), _hashed(block).tolist(), strict=True):
            first, last = _named(h)
            country, city, airport = _PLACES[h // 7 % 5]
            year, month, day = 1940 + h // 13 % 65, 1 + h // 17 % 12, 1 + h // 19 % 28
            email = f"{first}.{last}{number}@mail.example".lower()
            house = f"{last}vej {h // 23 % 180 + (1 if moved else 0)}" + (" B" if moved else "")
            tier = ("Blue", "Blue", "Blue", "Silver", "Gold")[h // 29 % 5]
            yield (
                f"{number},{'Ms' if h % 2 else 'Mr'},{first},{last},{email},{'Y' if h // 31 % 10 < 7 else 'N'},"
                f"+4526{number % 1_000_000:06d},{year}-{month:02d}-{day:02d},{'Female' if h % 2 else 'Male'},da,"
                f"{country},,{city},{1000 + h // 37 % 8000},{house},{airport},{tier},{2010 + h // 41 % 15},"
                f"{1 + h // 43 % 12},,\n"
            )


def _hashed(numbers: np.ndarray) -> np.ndarray:
    return (numbers.astype(np.uint64) * np.uint64(11400714819323198485)) >> np.uint64(20)


def _named(h: int) -> tuple[str, str]:
    """Given name and surname of a member by the hash of the number."""
    last = _PARTS[h // 20 % 24] + _PARTS[h // 480 % 24] + _PARTS[h // 11520 % 24]
    return _FIRST[h % 20], last.title()


def write_members(path: Path, numbers: np.ndarray, *, moved: np.ndarray | None = None) -> Path:
    """Members of `numbers`, and those of `moved` with a new address."""
    with path.open("w", encoding="utf-8") as file:
        file.write(MEMBER_HEADER)
        file.writelines(members(numbers))
        if moved is not None:
            file.writelines(members(moved, moved=True))
    return path


def write_activity(path: Path, numbers: np.ndarray, seed: int) -> Path:
    """Two months of points a member."""
    rng = np.random.default_rng([seed, 1])
    points = rng.integers(100, 5000, size=(len(numbers), 2))
    with path.open("w", encoding="utf-8") as file:
        file.write(ACTIVITY_HEADER)
        for number, (one, two) in zip(numbers.tolist(), points.tolist(), strict=True):
            file.write(f"{number},2026,8,1,0,1,900,{one},0,0\n{number},2026,9,1,0,1,900,{two},{two // 4},0\n")
    return path


def write_bookings(path: Path, numbers: np.ndarray, seed: int) -> Path:
    """None to three return trips a member, by the member alone: two coupons and sometimes a bag each."""
    rng = np.random.default_rng([seed, 2])
    trips = rng.choice([0, 1, 2, 3], size=len(numbers), p=[0.25, 0.35, 0.25, 0.15])
    days = rng.integers(-1000, -5, size=int(trips.sum())).tolist()
    draws = rng.random((int(trips.sum()), 3)).tolist()
    at = 0
    with path.open("wb") as file:
        for number, count in zip(numbers.tolist(), trips.tolist(), strict=True):
            for nth in range(count):
                booking = _booking(number, nth, END_AT + timedelta(days=days[at]), draws[at], seed)
                file.write(orjson.dumps(booking) + b"\n")
                at += 1
    return path


def _booking(number: int, nth: int, departs: datetime, draw: list[float], seed: int) -> dict[str, object]:
    first, last = _named(_hashed(np.array([number])).tolist()[0])
    code, letters = (number * 4 + nth) % 32**6, []
    for _ in range(6):
        letters.append(str(_LETTERS[code % 32]))
        code //= 32
    departs = departs.astimezone(UTC).replace(microsecond=0)
    created = departs - timedelta(days=int(draw[0] * 120) + 1)
    returns = departs + timedelta(days=1 + int(draw[1] * 14))
    there, fare = _ROUTES[int(draw[2] * 10)], 4000 + int(draw[1] * 30_000)
    legs = [("CPH", there, departs), (there, "CPH", returns)]
    return {
        "locator": "".join(letters),
        "created_at": created.isoformat(),
        "modified_at": created.isoformat(),
        "point_of_sale": "DK",
        "channel": ("web", "app", "agency", "phone")[int(draw[0] * 4)],
        "agency": None,
        "currency": "EUR",
        "total_minor": 2 * fare,
        "status": "active",
        "contacts": [],
        "passengers": [_traveller(number, first, last)],
        "segments": [_flight(i, *leg) for i, leg in enumerate(legs, 1)],
        "tickets": [
            {
                "number": f"889{number % 10**9:09d}{nth}",
                "passenger": 1,
                "coupons": [{"number": i, "segment": i, "status": "flown", "fare_minor": fare} for i in (1, 2)],
            }
        ],
        "ancillaries": [
            {"passenger": 1, "segment": 1, "code": "extra_bag", "price_minor": 3500, "bought_at": created.isoformat()}
        ]
        if draw[1] > 0.7
        else [],
    }


def _traveller(number: int, first: str, last: str) -> dict[str, object]:
    return {
        "number": 1,
        "title": None,
        "given_name": first.upper(),
        "surname": last.upper(),
        "type": "ADT",
        "birth_date": None,
        "loyalty_number": str(number),
    }


def _flight(number: int, origin: str, destination: str, departs: datetime) -> dict[str, object]:
    return {
        "number": number,
        "carrier": "NV",
        "flight_number": str(100 + number),
        "origin": origin,
        "destination": destination,
        "departs_at": departs.isoformat(),
        "arrives_at": (departs + timedelta(hours=2)).isoformat(),
        "cabin": "Y",
        "booking_class": "Y",
        "fare_basis": "YLIGHT",
        "status": "flown",
    }


def write_pnrgov(path: Path, records: int, seed: int) -> Path:
    """Passenger name records as PNRGOV: one or two travellers, a return trip, tickets, contacts, seats."""
    rng = np.random.default_rng([seed, 3])
    with path.open("w", encoding="utf-8") as file:
        file.write("UNA:+.?*'\nUNB+IATA:1+NV+GOV+261130:1011+77'\n")
        for message, block in enumerate(np.array_split(np.arange(records), max(1, records // 200)), start=1):
            head = f"UNH+{message}+PNRGOV:13:1:IA+R{message}'\nMSG+:22'\nORG+NV:CPH'\n"
            head += f"TVL+121226:1305:121226:1510+CPH+LHR+NV+504'\nEQN+{len(block)}'\n"
            told = head + "".join(_record(n, seed, rng.random(3)) for n in block.tolist())
            file.write(f"{told}UNT+{told.count(chr(39)) + 1}+{message}'\n")
        file.write(f"UNZ+{max(1, records // 200)}+77'\n")
    return path


def _record(number: int, seed: int, draw: np.ndarray) -> str:
    code, letters = (number * 7 + seed * 1_000_003) % 32**6, []
    for _ in range(6):
        letters.append(str(_LETTERS[code % 32]))
        code //= 32
    given, syllables = _GIVEN.split(), _SYLLABLES.split()
    last = "".join(syllables[int(part * 997 + number) % 24] for part in draw).upper()
    there, fare = _ROUTES[int(draw[2] * 10)], 100 + int(draw[1] * 300)
    out = [f"SRC'RCI+NV:{''.join(letters)}::020726:1011'DAT+700:030726:0900+710:020726:1012'",
           "ORG+NV:CPH+52519950:CPH+++T+DK:EUR+AB12'"]  # fmt: skip
    for place in range(1 + (draw[0] > 0.6)):
        first, ticket = given[(number + place) % 20].upper(), f"889{number:09d}{place}"
        out.append(
            f"TIF+{last}+{first}MS:A:{place + 1}'FTI+NV:{seed}{number:07d}{place}'"
            f"IFT+4:28::YY+CTCM 4526{number % 1_000_000:06d}'"
            f"SSR+DOCS:HK:1:NV:::::/P/DNK/A{number:07d}/DNK/17MAY84/F/20MAY30/{last}/{first}+::{place + 1}'"
            f"TKT+{ticket}:T:1'MON+B:{fare}.00:EUR+T:{fare + 40}.00:EUR'"
        )
    out.append(
        f"TVL+121226:1305:121226:1510+CPH+{there}+NV+504:Y'RPI+1+HK'SSR+SEAT:HK:1:NV:::CPH:{there}+12A::1'"
        f"TVL+201226:0900:201226:1205+{there}+CPH+NV+505:Y'RPI+1+HK'"
    )
    return "".join(out) + "\n"
