"""Travel agencies: many bookings of many people carry one agency's address and telephone."""

from dataclasses import dataclass

import numpy as np

from iaros.demo.people import mobile

_FIRST = ("Nordlys", "Havblik", "Sommerfugl", "Kompas", "Polarstjernen", "Vandrefalk", "Albatros-Ruten", "Solvej")
_SECOND = ("Rejser", "Travel", "Resor", "Tours", "Erhvervsrejser", "Reisen")
_COUNTRIES = ("DK", "DK", "DK", "SE", "NO", "DE", "GB", "PL")


@dataclass(frozen=True)
class Agency:
    iata: str
    name: str
    email: str
    phone: str


def count(people: int) -> int:
    return 6 + people // 1_500


def draw(rng: np.random.Generator, n: int) -> list[Agency]:
    numbers, which = rng.permutation(900_000)[:n] + 100_000, rng.integers(0, 10**6, (n, 3))
    return [_agency(int(number), *(int(part) for part in parts)) for number, parts in zip(numbers, which, strict=True)]


def _agency(number: int, first: int, second: int, line: int) -> Agency:
    name = f"{_FIRST[first % len(_FIRST)]} {_SECOND[second % len(_SECOND)]}"
    host = f"{name.lower().replace(' ', '-')}-{number}.example"
    return Agency(f"17{number}", name, f"booking@{host}", mobile(_COUNTRIES[line % len(_COUNTRIES)], line))
