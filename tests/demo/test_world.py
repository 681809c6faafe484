"""The demo airline keeps its promises: same seed same bytes, an airline's shape, and a truth for every mention."""

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.preprocessing import StandardScaler

from iaros.demo import ancillaries, seasons
from iaros.demo.block import Block
from iaros.demo.truth import people_table
from iaros.demo.world import build
from iaros.demo.write import write

SIZE = 700


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write(build(SIZE), tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def truth(files: dict[str, Path]) -> Path:
    return files["pnr"].parent / "truth"


@pytest.fixture(scope="module")
def block() -> Block:
    return next(build(6_000).blocks())


def read_lines(path: Path) -> tuple[list[dict], int]:
    """The parsed lines and how many were torn."""
    parsed, torn = [], 0
    for line in path.read_bytes().splitlines():
        try:
            parsed.append(json.loads(line))
        except ValueError:
            torn += 1
    return parsed, torn


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def bought_on_trip(block: Block, code: str) -> np.ndarray:
    extras = block.extras
    chosen = extras.traveller[extras.code == ancillaries.CODES.index(code)]
    return np.bincount(block.travellers.trip[chosen], minlength=len(block.trips)) > 0


def test_write__same_seed__same_bytes(files: dict[str, Path], tmp_path: Path) -> None:
    write(build(SIZE), tmp_path)

    assert digests(tmp_path) == digests(files["pnr"].parent)


def test_write__other_seed__other_people(files: dict[str, Path], tmp_path: Path) -> None:
    others = write(build(60, seed=7), tmp_path)

    assert others["loyalty_members"].read_bytes()[:4000] != files["loyalty_members"].read_bytes()[:4000]


def test_world__blocks__are_equal_each_time_they_are_drawn() -> None:
    world = build(300)

    first, second = next(world.blocks()), next(world.blocks())

    assert np.array_equal(first.trips.created, second.trips.created)
    assert np.array_equal(first.events.at, second.events.at)


def test_people__about_seventy_in_a_hundred__fly_at_most_once_a_year(block: Block) -> None:
    booked = (block.trips.created < seasons.END)[block.travellers.trip]

    trips = np.bincount(block.travellers.person[booked], minlength=len(block.people))

    assert 0.65 <= (trips <= 3).mean() <= 0.75


def test_people__nobody__is_on_two_trips_at_once(block: Block) -> None:
    trips, travellers = block.trips, block.travellers
    order = np.lexsort((trips.day[travellers.trip], travellers.person))
    who, trip = travellers.person[order], travellers.trip[order]

    overlaps = (who[1:] == who[:-1]) & (trips.day[trip[1:]] <= trips.last_day[trip[:-1]])

    assert not overlaps.any()


def test_members__a_little_over_half__and_some_hold_two_numbers(block: Block) -> None:
    accounts = block.accounts

    assert abs((~accounts.second).sum() / len(block.people) - 0.55) < 0.01
    assert 0.005 < accounts.second.sum() / (~accounts.second).sum() < 0.02
    assert len(np.unique(accounts.number)) == len(accounts)


def test_extras__holidays_take_bags__business_takes_the_lounge(block: Block) -> None:
    bag, lounge = bought_on_trip(block, "extra_bag"), bought_on_trip(block, "lounge")
    business, leisure = block.trips.purpose == seasons.BUSINESS, block.trips.purpose == seasons.LEISURE

    assert bag[leisure].mean() > 3 * bag[business].mean()
    assert lounge[business].mean() > 1.5 * lounge[leisure].mean()


def test_extra_bag__from_what_a_booking_shows__can_be_learnt_but_is_no_give_away(block: Block) -> None:
    trips = block.trips
    party = np.bincount(block.travellers.trip, minlength=len(trips))
    shown = np.c_[trips.nights, np.log(trips.lead_days), party, block.bought.far, block.bought.brand, trips.channel]
    bag = bought_on_trip(block, "extra_bag")

    scores = cross_val_predict(
        LogisticRegression(), StandardScaler().fit_transform(shown), bag, cv=4, method="predict_proba"
    )[:, 1]

    assert 0.72 < roc_auc_score(bag, scores) < 0.88


def test_churn__recency_frequency_and_open_bookings__tell_who_leaves(block: Block) -> None:
    people = people_table(block)
    flew = np.array(people["flown_24m"])
    churns = np.array(people["will_churn_90d"].to_pylist(), dtype=object)[flew].astype(bool)
    flown = block.status.leg[block.coupons.leg] == 1
    person = block.travellers.person[block.coupons.traveller]
    last = np.zeros(len(block.people))
    np.maximum.at(last, person[flown], block.legs.departs[block.coupons.leg[flown]])
    ahead = np.bincount(person[block.status.leg[block.coupons.leg] == 0], minlength=len(block.people))
    seen = np.c_[last, np.log1p(np.array(people["flights_flown"])), ahead > 0][flew]

    scores = cross_val_predict(
        LogisticRegression(), StandardScaler().fit_transform(seen), churns, cv=4, method="predict_proba"
    )[:, 1]

    assert roc_auc_score(churns, scores) > 0.72


def test_pnr__every_passenger__is_in_the_truth(files: dict[str, Path], truth: Path) -> None:
    mentions = pq.read_table(truth / "mentions.parquet", filters=[("source", "=", "pnr")])
    known = set(mentions["native_key"].to_pylist())

    bookings, torn = read_lines(files["pnr"])
    named = {
        f"{booking['locator']}/{booking['created_at'][:10]}/{passenger['number']}"
        for booking in bookings
        for passenger in booking["passengers"]
    }

    assert named == known
    assert 0 < torn < len(bookings) * 0.01


def test_members_visits_and_consents__every_row__is_in_the_truth(files: dict[str, Path], truth: Path) -> None:
    mentions = pq.read_table(truth / "mentions.parquet")
    known = set(zip(mentions["source"].to_pylist(), mentions["native_key"].to_pylist(), strict=True))
    with files["loyalty_members"].open(encoding="utf-8") as file:
        members = {("loyalty_members", row["Loyalty Number"]) for row in csv.DictReader(file)}
    events = {("web_events", event["event_id"]) for event in read_lines(files["web_events"])[0]}
    answers = {("consents", answer["consent_id"]) for answer in read_lines(files["consents"])[0]}

    assert members | events | answers <= known


def test_pnr__changed_booking__comes_again_with_a_newer_time(files: dict[str, Path]) -> None:
    bookings, _ = read_lines(files["pnr"])
    times = {}
    for booking in bookings:
        times.setdefault((booking["locator"], booking["created_at"]), []).append(booking["modified_at"])
    again = [seen for seen in times.values() if len(seen) > 1]

    assert len(again) > 10
    assert all(len(set(seen)) == 2 for seen in again)


def test_pnr__flights_after_the_end__are_open(files: dict[str, Path]) -> None:
    bookings, _ = read_lines(files["pnr"])
    ahead = Counter(
        segment["status"]
        for booking in bookings
        for segment in booking["segments"]
        if segment["departs_at"][:10] > "2026-11-01"
    )

    assert ahead["HK"] > 20
    assert ahead["flown"] == 0


def test_fares__every_market__has_rivals_on_the_same_departure(files: dict[str, Path]) -> None:
    with files["competitor_fares"].open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if len(row["Origin"]) == 3]
    key = ("Origin", "Destination", "Departure Date", "Cabin", "Fare Brand")
    ours = {tuple(row[name] for name in key) for row in rows if row["Carrier"] == "NV"}
    theirs = {tuple(row[name] for name in key) for row in rows if row["Carrier"] != "NV"}

    assert 15_000 < len(rows) < 25_000
    assert len(ours & theirs) > 0.95 * len(ours)
    assert any(float(row["Price"]) < 0 for row in rows if row["Price"] != "n/a")


def test_rates__every_currency_of_a_booking__is_known_from_the_first_day(files: dict[str, Path]) -> None:
    bookings, _ = read_lines(files["pnr"])
    with files["exchange_rates"].open(encoding="utf-8") as file:
        rates = list(csv.DictReader(file))

    assert {booking["currency"] for booking in bookings} - {"EUR"} <= {row["Currency"] for row in rates}
    assert min(row["Date"] for row in rates) < min(booking["created_at"] for booking in bookings)[:10]
