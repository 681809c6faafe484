"""People with duplicates: names, birth dates, addresses and contacts, and copies with the slips clerks make."""

import numpy as np
import pandas as pd

GIVEN = [
    "anna", "bo", "carla", "dmitri", "elena", "farid", "greta", "hugo", "ines", "jonas", "karin", "lars",
    "marta", "nils", "olga", "pavel", "quentin", "rosa", "sven", "tilda", "ulrik", "vera", "wilma", "xenia",
    "yusuf", "zoe", "amir", "birte", "cecilia", "david", "eva", "filip",
]  # fmt: skip
STEMS = [
    "berg", "dal", "fors", "gran", "hed", "kvist", "lind", "mark", "nord", "ost", "palm", "quist", "ros",
    "sand", "tall", "vik", "wall", "ek", "alm", "bjork",
]  # fmt: skip
ENDS = [
    "man", "gren", "strom", "lund", "holm", "stedt", "wall", "qvist", "by", "torp",
]  # fmt: skip
SURNAMES = [stem + end for stem in STEMS for end in ENDS]


def people(count: int, *, seed: int = 1, copies: float = 0.5) -> pd.DataFrame:
    """`count` people, of whom a share of `copies` stands in the table twice; `person` says who is who."""
    rng = np.random.default_rng(seed)
    born = pd.Timestamp("1940-01-01") + pd.to_timedelta(rng.integers(0, 25_000, count), unit="D")
    frame = pd.DataFrame(
        {
            "person": np.arange(count),
            "first_name": rng.choice(GIVEN, count),
            "last_name": rng.choice(SURNAMES, count),
            "dob": born.strftime("%Y-%m-%d"),
            "street": [f"{rng.choice(STEMS)}gatan {n}" for n in rng.integers(1, 99, count)],
            "zip": rng.integers(100, 999, count).astype(str),
            "phone": [f"+46 70 {n}" for n in rng.integers(1_000_000, 9_999_999, count)],
        }
    )
    frame["email"] = frame["first_name"] + "." + frame["last_name"] + frame["person"].astype(str) + "@mail.se"
    again = frame.sample(frac=copies, random_state=seed).copy()
    for column in ("first_name", "last_name", "street"):
        again[column] = [_slip(text, rng) if rng.random() < 0.3 else text for text in again[column]]
    again["email"] = again["email"].mask(rng.random(len(again)) < 0.4)
    again["phone"] = again["phone"].mask(rng.random(len(again)) < 0.3)
    return pd.concat([frame, again], ignore_index=True)


def _slip(text: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(1, len(text)))
    return text[:at] + str(rng.choice(list("abcdefg"))) + text[at + 1 :]
