"""People: who they are, how to reach them and what they like; one row a person, households side by side.

Traits that no file shows (taste, rate, lapse) are kept here and go to the truth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iaros.demo import airports, households
from iaros.demo.airports import Airports
from iaros.demo.draws import chance, expand, pick
from iaros.demo.households import DIALLING, Households
from iaros.demo.names import ORIGINS, NameBook
from iaros.demo.seasons import END_DAY, FIRST_DAY_NUMBER

KINDS = ("frequent_business", "occasional_business", "leisure", "vfr", "rare")
_KIND_SHARE = (0.045, 0.09, 0.495, 0.15, 0.22)
_TRIPS_A_YEAR = np.array([5.0, 1.7, 0.42, 0.95, 0.08])
_SPREAD = np.array([0.5, 0.7, 0.95, 0.8, 0.6])
# business, leisure, visiting friends and relatives
PURPOSE_MIX = np.array(
    [[0.80, 0.15, 0.05], [0.52, 0.33, 0.15], [0.03, 0.85, 0.12], [0.03, 0.27, 0.70], [0.05, 0.75, 0.20]]
)
_LAPSE_A_YEAR = np.array([0.06, 0.07, 0.06, 0.06, 0.08])
ANCILLARY_TASTES = 8


@dataclass(frozen=True)
class People:
    """Columns over the people of one block; `number` is a person's number in the whole world."""

    homes: Households
    number: NDArray[np.int64]
    household: NDArray[np.int64]
    adult: NDArray[np.bool_]
    woman: NDArray[np.bool_]
    birth: NDArray[np.int64]  # days since 1970
    given: NDArray[np.int64]
    second: NDArray[np.int64]  # second given name, -1 for none
    surname: NDArray[np.int64]
    country: NDArray[np.object_]
    language: NDArray[np.object_]
    home: NDArray[np.int64]
    email: NDArray[np.object_]
    phone: NDArray[np.object_]
    kind: NDArray[np.int64]
    rate: NDArray[np.float64]
    regular: NDArray[np.bool_]
    joined: NDArray[np.int64]  # day from which the person flies at all
    lapses: NDArray[np.int64]  # day after which the person no longer flies with us
    friend: NDArray[np.int64]
    relatives: NDArray[np.int64]  # airport
    agency: NDArray[np.int64]
    leans: NDArray[np.float32]  # (person, purpose, airport) lasting liking
    ancillary_taste: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.number)


def draw(rng: np.random.Generator, first: int, n: int, names: NameBook, places: Airports, agencies: int) -> People:
    homes = households.draw(rng, n, names)
    household, position = expand(homes.size)
    adult, birth = _ages(rng, homes, household, position)
    woman = _women(rng, homes, household, position)
    given, second, surname = _names(rng, homes, household, position, woman, names)
    kind = np.where(adult, pick(rng, _KIND_SHARE, n), KINDS.index("rare"))
    joined, lapses = _active(rng, kind)
    home, country = homes.home[household], homes.country[household]
    relatives = _relatives(rng, homes, household, places)
    number = first + np.arange(n)
    return People(
        homes=homes,
        number=number,
        household=household,
        adult=adult,
        woman=woman,
        birth=birth,
        given=given,
        second=second,
        surname=surname,
        country=country,
        language=_languages(rng, country, homes.origin[household]),
        home=home,
        email=_emails(rng, homes, household, adult, names, given, surname, number),
        phone=_phones(rng, homes, household, adult, country),
        kind=kind,
        rate=np.where(adult, _TRIPS_A_YEAR[kind] * np.exp(rng.normal(0, 1, n) * _SPREAD[kind]), 0.0),
        regular=chance(rng, np.array([0.85, 0.7, 0.62, 0.75, 0.0])[kind]),
        joined=joined,
        lapses=lapses,
        friend=_friends(rng, adult),
        relatives=relatives,
        agency=(rng.random(n) ** 2 * agencies).astype(np.int64),
        leans=_leans(rng, n, places, relatives),
        ancillary_taste=rng.normal(0, 1, (n, ANCILLARY_TASTES)) + _household_taste(rng, homes)[household],
    )


def _ages(rng: np.random.Generator, homes: Households, household: NDArray, position: NDArray) -> tuple:
    """Adults first, then children, except that a household's third member may be a grown child."""
    n = len(household)
    adult = (position == 0) | (position == 1) & homes.two_adults[household]
    with_children = (homes.size > 2)[household]
    head = np.where(with_children, rng.normal(41, 6, n), 22 + rng.gamma(2.2, 13, n)).clip(20, 88)
    head_age = head[homes.start[household]]
    child_age = (rng.random(n) * 16.5).clip(0.2, 17)
    grown = homes.grown_child[household] & (position == 2)
    age = np.where(position == 0, head_age, np.where(adult, (head_age + rng.normal(0, 3, n)).clip(20, 90), child_age))
    age = np.where(homes.grown_child[household] & adult, age + 12, age)
    age = np.where(grown, (head_age - 17 + rng.normal(0, 2, n)).clip(18.5, 40), age)
    today = FIRST_DAY_NUMBER + END_DAY
    return adult | grown, (today - age * 365.25).astype(np.int64)


def _women(rng: np.random.Generator, homes: Households, household: NDArray, position: NDArray) -> NDArray[np.bool_]:
    woman = chance(rng, 0.5, len(household))
    opposite = (position == 1) & homes.two_adults[household] & chance(rng, 0.96, len(household))
    return np.where(opposite, ~woman[homes.start[household]], woman)


def _names(
    rng: np.random.Generator,
    homes: Households,
    household: NDArray,
    position: NDArray,
    woman: NDArray,
    names: NameBook,
) -> tuple[NDArray, NDArray, NDArray]:
    n, origin = len(household), homes.origin[household]
    gender = woman.astype(np.int64)

    def given_name() -> NDArray[np.int64]:
        return names.given_start[origin, gender] + (rng.random(n) ** 1.4 * names.given_count[origin, gender]).astype(
            int
        )

    given = given_name()
    # Father and son, mother and daughter of one name: the grown child is called like the parent of its gender.
    junior = homes.grown_child[household] & (position == 2) & chance(rng, 0.5, n)
    head = homes.start[household]
    given = np.where(junior & (woman == woman[head]), given[head], given)
    second = np.where(chance(rng, 0.16, n), given_name(), -1)
    surname = homes.surname[household]
    keeps_own = (position == 1) & homes.two_adults[household] & chance(rng, 0.3, n)
    own = names.surname_start[origin] + (rng.random(n) * names.surname_count[origin]).astype(int)
    return given, second, np.where(keeps_own, own, surname)


def _active(rng: np.random.Generator, kind: NDArray) -> tuple[NDArray, NDArray]:
    n = len(kind)
    joined = np.where(chance(rng, 0.55, n), -400, (rng.random(n) * (END_DAY - 60)).astype(np.int64))
    stays = rng.exponential(365 / _LAPSE_A_YEAR[kind])
    return joined, (joined.clip(0) + 150 + stays).astype(np.int64)


def _languages(rng: np.random.Generator, country: NDArray, origin: NDArray) -> NDArray[np.object_]:
    spoken = {
        "DK": "da",
        "SE": "sv",
        "NO": "nb",
        "DE": "de",
        "GB": "en",
        "PL": "pl",
        "FI": "fi",
        "ES": "es",
        "TR": "tr",
        "TH": "th",
    }
    local = np.array([spoken[code] for code in country], dtype=object)
    native = np.array([spoken[code] for code in ORIGINS], dtype=object)[origin]
    drawn = rng.random(len(country))
    return np.where(drawn < 0.05, "en", np.where(drawn < 0.15, native, local))


# The top-level domain `example` is reserved: nobody can ever receive these.
_OPEN_HOSTS = ("mailbox.example", "inbox.example", "fastpost.example")
# Mobile prefixes and how many digits follow.
_MOBILE = {
    "DK": ("26", 6), "SE": ("7363", 5), "NO": ("48", 6), "DE": ("1522", 7), "GB": ("7911", 6), "PL": ("601", 6),
    "FI": ("4054", 5), "ES": ("612", 6), "TR": ("532", 7), "TH": ("812", 6),
}  # fmt: skip


def _emails(
    rng: np.random.Generator,
    homes: Households,
    household: NDArray,
    adult: NDArray,
    names: NameBook,
    given: NDArray,
    surname: NDArray,
    number: NDArray,
) -> NDArray[np.object_]:
    """Own addresses for most adults; in some households everybody writes through the first member's."""
    n = len(household)
    first = [name.lower().replace("-", "") for name in names.given_plain]
    last = [name.lower() for name in names.surname_plain]
    style, host = pick(rng, (4, 3, 2, 1), n), rng.integers(0, 5, n)
    has = adult & chance(rng, 0.93, n)
    country = homes.country[household]
    out = np.full(n, None, dtype=object)
    for i in np.flatnonzero(has):
        domain = _OPEN_HOSTS[host[i] - 2] if host[i] > 1 else f"post-{country[i].lower()}.example"
        out[i] = _address(first[given[i]], last[surname[i]], int(style[i]), int(number[i]), domain)
    shared = homes.shares_email[household] & adult
    return np.where(shared, out[homes.start[household]], out)


def _address(first: str, last: str, style: int, number: int, domain: str) -> str:
    local = (f"{first}.{last}{number}", f"{first[0]}{last}{number}", f"{first}{number}", f"{last}.{first[:3]}{number}")
    return f"{local[style]}@{domain}"


def _phones(
    rng: np.random.Generator, homes: Households, household: NDArray, adult: NDArray, country: NDArray
) -> NDArray[np.object_]:
    n = len(household)
    digits = rng.integers(0, 10**7, n)
    out = np.full(n, None, dtype=object)
    own = np.flatnonzero(adult & chance(rng, 0.88, n))
    out[own] = [mobile(code, int(number)) for code, number in zip(country[own], digits[own], strict=True)]
    return np.where(homes.shares_phone[household] & adult, out[homes.start[household]], out)


def mobile(country: str, number: int) -> str:
    """A mobile number of the country in E.164 form."""
    prefix, width = _MOBILE[country]
    return f"+{DIALLING[country]}{prefix}{number % 10**width:0{width}d}"


def _friends(rng: np.random.Generator, adult: NDArray) -> NDArray[np.int64]:
    adults = np.flatnonzero(adult)
    return adults[rng.integers(0, len(adults), len(adult))]


def _relatives(rng: np.random.Generator, homes: Households, household: NDArray, places: Airports) -> NDArray[np.int64]:
    """Where the family's relatives live: the country of its names when it moved, else drawn by pull."""
    n = len(homes.size)
    drawn = pick(rng, places.pull[:, 2], n)
    abroad = {code: np.flatnonzero(places.country == code) for code in ORIGINS}
    where = rng.random(n)
    for i in np.flatnonzero(np.array(ORIGINS)[homes.origin] != homes.country):
        options = abroad[ORIGINS[homes.origin[i]]]
        drawn[i] = options[int(where[i] * len(options))]
    drawn = np.where(drawn == homes.home, airports.INDEX["LHR"], drawn)
    drawn = np.where(drawn == homes.home, airports.HUB_INDEX, drawn)
    return drawn[household]


def _leans(rng: np.random.Generator, n: int, places: Airports, relatives: NDArray) -> NDArray[np.float32]:
    """Lasting likings: a business traveller's clients, a holiday-maker's kind of place, a family's town."""
    regions = rng.normal(0, 0.55, (n, len(airports.REGIONS)))[:, places.region]
    character = rng.normal(0, 0.95, (n, len(airports.CHARACTERS))) @ places.character.T
    own = rng.normal(0, 1.0, (n, 3, airports.COUNT)).astype(np.float32)
    leans = np.empty((n, 3, airports.COUNT), dtype=np.float32)
    leans[:, 0] = 2.1 * own[:, 0]
    leans[:, 1] = regions + character + 0.6 * own[:, 1]
    leans[:, 2] = 0.5 * regions + 0.4 * own[:, 2]
    leans[np.arange(n), 2, relatives] += 6.0
    return leans


def _household_taste(rng: np.random.Generator, homes: Households) -> NDArray[np.float64]:
    return rng.normal(0, 0.5, (len(homes.size), ANCILLARY_TASTES))
