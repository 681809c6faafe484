"""Households: who lives together, where, and under which address and surname.

Output of `draw` is columns, one row a household, with the members' ages relative to the end date.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iaros.demo import airports
from iaros.demo.draws import chance, pick
from iaros.demo.names import ORIGINS, NameBook

# country, town, province, first postal code, span, nearest airport, share of households
TOWNS = (
    ("DK", "København", "Hovedstaden", 1050, 1700, "CPH", 26.0),
    ("DK", "Frederiksberg", "Hovedstaden", 1800, 180, "CPH", 5.0),
    ("DK", "Roskilde", "Sjælland", 4000, 40, "CPH", 5.0),
    ("DK", "Odense", "Syddanmark", 5000, 270, "CPH", 5.0),
    ("DK", "Aalborg", "Nordjylland", 9000, 220, "AAL", 8.0),
    ("DK", "Hjørring", "Nordjylland", 9800, 20, "AAL", 2.0),
    ("SE", "Malmö", "Skåne", 21110, 480, "CPH", 4.5),
    ("SE", "Göteborg", "Västra Götaland", 41101, 600, "GOT", 10.0),
    ("SE", "Stockholm", "Stockholm", 11120, 700, "ARN", 4.0),
    ("NO", "Oslo", "Oslo", 150, 1100, "OSL", 6.0),
    ("NO", "Bergen", "Vestland", 5003, 200, "BGO", 2.0),
    ("NO", "Stavanger", "Rogaland", 4005, 120, "SVG", 1.5),
    ("DE", "Hamburg", "Hamburg", 20095, 2400, "HAM", 3.5),
    ("DE", "Berlin", "Berlin", 10115, 3900, "BER", 2.5),
    ("DE", "München", "Bayern", 80331, 1600, "MUC", 1.5),
    ("GB", "London", "England", 1, 20, "LHR", 3.0),
    ("GB", "Manchester", "England", 1, 20, "MAN", 1.2),
    ("PL", "Gdańsk", "Pomorskie", 80001, 900, "GDN", 2.0),
    ("PL", "Warszawa", "Mazowieckie", 10, 990, "WAW", 1.3),
    ("FI", "Helsinki", "Uusimaa", 100, 880, "HEL", 2.6),
    ("ES", "Málaga", "Andalucía", 29001, 18, "AGP", 1.4),
    ("ES", "Barcelona", "Catalunya", 8001, 42, "BCN", 0.8),
    ("TR", "İstanbul", "İstanbul", 34010, 900, "IST", 0.8),
    ("TH", "Bangkok", "Bangkok", 10100, 800, "BKK", 0.4),
)
STREETS = {
    "DK": "Nørregade,Vestergade,Strandvejen,Møllevej,Kirkestræde,Åboulevarden,Skovbrynet,Østergade,Havnegade,Birkevej",
    "SE": "Storgatan,Kungsgatan,Björkvägen,Södra vägen,Ängsgatan,Hamngatan,Kyrkogatan,Linnégatan,Åsgatan",
    "NO": "Kirkeveien,Storgata,Bjørnveien,Fjordgata,Åsveien,Elvegata,Skolegata,Østre vei",
    "DE": "Hauptstraße,Gartenweg,Bahnhofstraße,Lindenallee,Schäferweg,Mühlgasse,Am Brühl,Goethestraße",
    "GB": "High Street,Church Lane,Station Road,Mill Road,Victoria Terrace,Queens Avenue,Park Row",
    "PL": "ul. Długa,ul. Łąkowa,ul. Polna,ul. Słoneczna,ul. Kościuszki,ul. Leśna",
    "FI": "Mannerheimintie,Hämeentie,Koivukatu,Järvitie,Satamakatu,Mäntytie",
    "ES": "Calle Mayor,Avenida de la Constitución,Calle Málaga,Plaza del Sol,Calle Núñez",
    "TR": "Atatürk Caddesi,Çınar Sokak,Gül Sokak,İstiklal Caddesi",
    "TH": "Sukhumvit Road,Silom Road,Rama IV Road",
}
DIALLING = {
    "DK": "45", "SE": "46", "NO": "47", "DE": "49", "GB": "44", "PL": "48", "FI": "358",
    "ES": "34", "TR": "90", "TH": "66",
}  # fmt: skip
COUNTRY_NAMES = {
    "DK": "Denmark", "SE": "Sweden", "NO": "Norway", "DE": "Germany", "GB": "United Kingdom", "PL": "Poland",
    "FI": "Finland", "ES": "Spain", "TR": "Türkiye", "TH": "Thailand",
}  # fmt: skip
_MOVED_IN = {"DK": 0.13, "SE": 0.14, "NO": 0.10, "DE": 0.10, "GB": 0.08}
_SIZES = (0.44, 0.31, 0.10, 0.12, 0.03)


@dataclass(frozen=True)
class Households:
    """One row a household; `start` is its first person's row, `size` how many follow."""

    size: NDArray[np.int64]
    start: NDArray[np.int64]
    country: NDArray[np.object_]
    home: NDArray[np.int64]  # airport
    origin: NDArray[np.int64]  # of the family's names
    surname: NDArray[np.int64]
    town: NDArray[np.int64]
    postal_code: NDArray[np.object_]
    address: NDArray[np.object_]
    two_adults: NDArray[np.bool_]
    grown_child: NDArray[np.bool_]  # the third member is a grown son or daughter, often a namesake
    shares_email: NDArray[np.bool_]
    shares_phone: NDArray[np.bool_]


def draw(rng: np.random.Generator, people: int, names: NameBook) -> Households:
    """Households whose sizes add up to exactly `people`."""
    size = _sizes(rng, people)
    n = len(size)
    town = pick(rng, [row[6] for row in TOWNS], n)
    country = np.array([row[0] for row in TOWNS], dtype=object)[town]
    origin = _origins(rng, country)
    postal_code, address = _addresses(rng, town, country)
    return Households(
        size=size,
        start=np.cumsum(size) - size,
        country=country,
        home=np.array([airports.INDEX[row[5]] for row in TOWNS])[town],
        origin=origin,
        surname=names.surname_start[origin] + (rng.random(n) ** 1.6 * names.surname_count[origin]).astype(int),
        town=town,
        postal_code=postal_code,
        address=address,
        two_adults=(size == 2) & chance(rng, 0.88, n) | (size > 2) & chance(rng, 0.85, n),
        grown_child=(size == 3) & chance(rng, 0.22, n),
        shares_email=(size > 1) & chance(rng, 0.16, n),
        shares_phone=(size > 1) & chance(rng, 0.22, n),
    )


def _sizes(rng: np.random.Generator, people: int) -> NDArray[np.int64]:
    size = 1 + pick(rng, _SIZES, people)
    running = np.cumsum(size)
    last = int(np.searchsorted(running, people))
    size = size[: last + 1].copy()
    size[-1] -= int(running[last]) - people
    return size


def _origins(rng: np.random.Generator, country: NDArray) -> NDArray[np.int64]:
    """Most families carry their country's names; some moved in from another one."""
    own = np.array([ORIGINS.index(code) for code in country])
    moved = chance(rng, np.array([_MOVED_IN.get(code, 0.02) for code in country]))
    from_where = pick(rng, [1, 3, 2, 4, 4, 7, 2, 4, 8, 3], len(country))
    return np.where(moved, from_where, own)


def _addresses(rng: np.random.Generator, town: NDArray, country: NDArray) -> tuple[NDArray, NDArray]:
    streets = {code: listed.split(",") for code, listed in STREETS.items()}
    which, number = rng.random(len(town)), rng.integers(1, 190, len(town))
    code = np.array([row[3] for row in TOWNS])[town] + (
        rng.random(len(town)) * np.array([row[4] for row in TOWNS])[town]
    ).astype(int)
    postal = np.empty(len(town), dtype=object)
    address = np.empty(len(town), dtype=object)
    postal[:] = [_postal(land, int(c)) for land, c in zip(country, code, strict=True)]
    address[:] = [
        _line(land, streets[land][int(w * len(streets[land]))], n)
        for land, w, n in zip(country, which, number, strict=True)
    ]
    return postal, address


def _postal(country: str, code: int) -> str:
    if country == "GB":
        return f"SW{code} {code % 9 + 1}AB"
    if country == "PL":
        return f"{code // 1000:02d}-{code % 1000:03d}"
    if country == "SE":
        return f"{code // 100} {code % 100:02d}"
    return f"{code:05d}" if country in ("DE", "FI", "ES", "TR", "TH") else f"{code:04d}"


def _line(country: str, street: str, number: int) -> str:
    return f"{number} {street}" if country in ("GB", "TH") else f"{street} {number}"
