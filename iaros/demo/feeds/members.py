"""`loyalty_members.csv`: one row a loyalty number, and at the end of the file some rows sent again."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from iaros.demo import blemishes
from iaros.demo.block import Block
from iaros.demo.draws import chance
from iaros.demo.households import COUNTRY_NAMES, TOWNS
from iaros.demo.loyalty import CARDS, days_since_1970, updated_at
from iaros.demo.people import mobile
from iaros.demo.seasons import DAY, END, FIRST_DAY_NUMBER, iso_date, iso_utc

COLUMNS = (
    "Loyalty Number", "Title", "Given Name", "Surname", "Email", "Email Verified", "Phone", "Birth Date", "Gender",
    "Language", "Country", "Province", "City", "Postal Code", "Address", "Home Airport", "Loyalty Card",
    "Enrollment Type", "Enrollment Year", "Enrollment Month", "Cancellation Year", "Cancellation Month", "Salary",
    "Updated At",
)  # fmt: skip
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])

_Columns = dict[str, NDArray[np.object_]]


def tables(block: Block) -> tuple[pa.Table, pa.Table]:
    """The block's members, and those that are sent a second time (some unchanged, some changed since)."""
    rng = block.generator("loyalty_members")
    rows = {**_person(rng, block), **_household(rng, block), **_membership(rng, block)}
    again = np.flatnonzero(chance(rng, 0.05, len(block.accounts)))
    return _table(rows), _table(_sent_again(rng, block, {name: rows[name][again] for name in rows}, again))


def _table(rows: _Columns) -> pa.Table:
    return pa.table({name: pa.array(rows[name], pa.string()) for name in COLUMNS}, schema=SCHEMA)


def _person(rng: np.random.Generator, block: Block) -> _Columns:
    people, names, accounts = block.people, block.scene.names, block.accounts
    who, n = accounts.person, len(accounts)
    given = np.where(
        accounts.second & chance(rng, 0.4, n), names.given_nick[people.given[who]], names.given[people.given[who]]
    )
    both = (people.second[who] >= 0) & chance(rng, 0.55, n)
    given = np.where(both, given + " " + names.given[people.second[who]], given)
    surname = blemishes.with_slips(rng, names.surname[people.surname[who]], 0.012)
    shouting = chance(rng, 0.02, n)
    woman = people.woman[who]
    return {
        "Title": np.where(~people.adult[who], "", np.where(woman, "Ms", "Mr")).astype(object),
        "Given Name": np.where(shouting, names.given_telex[people.given[who]], given),
        "Surname": np.where(shouting, names.surname_telex[people.surname[who]], surname),
        "Birth Date": _birth_dates(rng, block),
        "Gender": np.where(chance(rng, 0.06, n), "", np.where(woman, "Female", "Male")).astype(object),
        "Language": people.language[who],
        **_contacts(rng, block),
    }


def _contacts(rng: np.random.Generator, block: Block) -> _Columns:
    people, accounts = block.people, block.accounts
    who, n = accounts.person, len(accounts)
    email = _or_blank(people.email[who], chance(rng, 0.02, n))
    # A second number is often opened with another address.
    other = accounts.second & chance(rng, 0.6, n) & (email != "")
    email[other] = [f"nv.{address}" for address in email[other]]
    phone = _or_blank(people.phone[who], chance(rng, 0.06, n))
    national = chance(rng, 0.12, n) & (phone != "")
    phone[national] = [f"00{number[1:3]} {number[3:5]} {number[5:]}" for number in phone[national]]
    return {
        "Email": email,
        "Email Verified": np.where((email != "") & chance(rng, 0.86, n), "Y", "N").astype(object),
        "Phone": phone,
    }


def _birth_dates(rng: np.random.Generator, block: Block) -> NDArray[np.object_]:
    accounts = block.accounts
    birth = iso_date(block.people.birth[accounts.person]).astype(object)
    n = len(birth)
    swapped = np.flatnonzero(accounts.second & chance(rng, 0.15, n))
    for i in swapped:
        year, month, day = birth[i].split("-")
        birth[i] = f"{year}-{day}-{month}" if int(day) <= 12 else birth[i]
    birth[chance(rng, 0.03, n)] = ""
    return blemishes.spoil(rng, birth, ("1985-02-31", "0000-00-00", "2087-13-01", "unknown"))


def _household(rng: np.random.Generator, block: Block) -> _Columns:
    homes, accounts = block.people.homes, block.accounts
    home = block.people.household[accounts.person]
    n, country = len(home), homes.country[home]
    written_out = np.array([COUNTRY_NAMES[code] for code in country], dtype=object)
    airport = block.scene.timetable.airports.codes[block.people.home[accounts.person]].astype(object)
    return {
        "Country": np.where(chance(rng, 0.12, n), written_out, country),
        "Province": np.array([row[2] for row in TOWNS], dtype=object)[homes.town[home]],
        "City": blemishes.with_slips(rng, np.array([row[1] for row in TOWNS], dtype=object)[homes.town[home]], 0.006),
        "Postal Code": homes.postal_code[home],
        "Address": blemishes.with_slips(rng, homes.address[home], 0.01),
        "Home Airport": blemishes.spoil(rng, np.where(chance(rng, 0.08, n), "", airport), ("QQQ", "COPENHAGEN")),
    }


def _membership(rng: np.random.Generator, block: Block) -> _Columns:
    accounts = block.accounts
    enrolled, left = _year_month(accounts.enrolled), _year_month(np.minimum(accounts.left, 10_000))
    gone = accounts.left < END // DAY - FIRST_DAY_NUMBER
    campaign = chance(rng, 0.15, len(accounts))
    return {
        "Loyalty Number": accounts.number.astype(str).astype(object),
        "Loyalty Card": np.array(CARDS, dtype=object)[accounts.card],
        "Enrollment Type": np.where(campaign, enrolled[0] + " Promotion", "Standard"),
        "Enrollment Year": enrolled[0],
        "Enrollment Month": enrolled[1],
        "Cancellation Year": np.where(gone, left[0], ""),
        "Cancellation Month": np.where(gone, left[1], ""),
        "Salary": np.full(len(accounts), "", dtype=object),
        "Updated At": iso_utc(updated_at(rng, accounts)).astype(object),
    }


def _year_month(day: NDArray[np.int64]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    month = days_since_1970(day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return (1970 + month // 12).astype(str).astype(object), (month % 12 + 1).astype(str).astype(object)


def _sent_again(rng: np.random.Generator, block: Block, rows: _Columns, again: NDArray) -> _Columns:
    """Two in five have moved or changed a contact since, and carry a newer time."""
    changed = np.flatnonzero(chance(rng, 0.4, len(again)))
    moved = rng.random(len(changed)) < 0.4
    street = rng.integers(1, 150, len(changed))
    for i, moves, number in zip(changed, moved, street, strict=True):
        if moves:
            rows["Address"][i] = f"{rows['Address'][i].strip('0123456789 ')} {number}"
        else:
            rows["Phone"][i] = mobile(block.people.country[block.accounts.person[again[i]]], int(number) * 7919)
        rows["Updated At"][i] = iso_utc(np.array([END - DAY - int(number) * 500]))[0]
    return rows


def _or_blank(column: NDArray[np.object_], missing: NDArray[np.bool_]) -> NDArray[np.object_]:
    out = column.copy()
    out[missing | (column == None)] = ""  # noqa: E711 (elementwise)
    return out
