"""Passengers as a reservation system writes them: upper case, telex letters, titles glued to the name."""

import numpy as np
from numpy.typing import NDArray

from iaros.demo import blemishes
from iaros.demo.block import Block
from iaros.demo.draws import NOTHING, chance
from iaros.demo.feeds.groups import Groups, Rows, grouped
from iaros.demo.seasons import iso_date
from iaros.demo.trips import AGENCY, PHONE

_GLUED = np.array([0.12, 0.12, 0.85, 0.5])  # by channel


def rows(rng: np.random.Generator, block: Block) -> Groups:
    travellers, people = block.travellers, block.people
    who, channel = travellers.person, block.trips.channel[travellers.trip]
    kind = np.where(travellers.age < 2, "INF", np.where(travellers.age < 12, "CHD", "ADT")).astype(object)
    title = _titles(people.woman[who], travellers.age)
    given, surname = _written(rng, block, channel, title)
    birth = np.where(_tells_birth(rng, block), iso_date(people.birth[who]).astype(object), NOTHING)
    numbers = np.append(block.accounts.number.astype(str).astype(object), NOTHING)
    columns = zip(
        travellers.number.tolist(),
        np.where(chance(rng, np.where(channel >= AGENCY, 0.1, 0.85)), title, NOTHING),
        given,
        surname,
        kind,
        birth,
        numbers[block.account_named],
        strict=True,
    )
    names = ("number", "title", "given_name", "surname", "type", "birth_date", "loyalty_number")
    out: Rows = [dict(zip(names, row, strict=True)) for row in columns]
    return grouped(out, travellers.trip, len(block.trips))


def _titles(woman: NDArray, age: NDArray) -> NDArray[np.object_]:
    child = np.where(woman, "MISS", "MSTR")
    return np.where(age < 12, child, np.where(woman, "MRS", "MR")).astype(object)


def _written(
    rng: np.random.Generator, block: Block, channel: NDArray, title: NDArray
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    people, names, who = block.people, block.scene.names, block.travellers.person
    n, plain = len(who), people.number[who] % 3 == 0
    agent = channel >= AGENCY
    typed = ~agent & chance(rng, 0.35, n)  # by the customer, with the letters of the language
    given_at, surname_at = people.given[who], people.surname[who]
    given = np.where(plain, names.given_plain[given_at], names.given_telex[given_at])
    given = np.where(typed, names.given[given_at], given)
    nick = chance(rng, 0.035, n)
    given = np.where(nick, [str(name).upper() for name in names.given_nick[given_at]], given)
    second = (people.second[who] >= 0) & chance(rng, 0.4, n) & ~nick
    given = np.where(second, given + " " + names.given_telex[people.second[who]], given)
    given = blemishes.with_slips(rng, given, 0.018)
    given = np.where(chance(rng, _GLUED[channel]) & ~typed, given + title, given)
    surname = np.where(plain, names.surname_plain[surname_at], names.surname_telex[surname_at])
    surname = np.where(typed, names.surname[surname_at], surname)
    return given, blemishes.with_slips(rng, surname, 0.018)


def _tells_birth(rng: np.random.Generator, block: Block) -> NDArray[np.bool_]:
    """Long flights ask for it, children always give it, others sometimes."""
    travellers = block.travellers
    far, agent = block.bought.far[travellers.trip], block.trips.channel[travellers.trip] == PHONE
    return chance(rng, np.where(travellers.age < 12, 0.97, np.where(far, 0.92, np.where(agent, 0.2, 0.3))))


def native_keys(block: Block, locator: list[str], created: list[str]) -> list[str]:
    """`LOCATOR/creation day/passenger number` for each traveller."""
    travellers = block.travellers
    return [
        f"{locator[trip]}/{created[trip][:10]}/{number}"
        for trip, number in zip(travellers.trip.tolist(), travellers.number.tolist(), strict=True)
    ]
