"""Several processes that compare customers at once find the same people as one, and join nobody twice."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from profiles import pipeline, probable, together
from profiles.identity import contested, search_keys
from profiles.ingest import runs
from profiles.models import Customer, IngestRun, Link, LinkRule, RunState, SearchKeys
from tests import world as people
from tests.profiles import children

PEOPLE = 60


def twice(tmp_path: Path) -> None:
    """Sixty members, each under two numbers."""
    named = [(f"N8{at:05d}", f"Person{chr(97 + at % 26)}", f"Surname{chr(97 + at // 26)}x{at}") for at in range(PEOPLE)]
    rows = [
        people.member(
            number.replace("N8", prefix), given, surname, Birth_Date=f"19{50 + at % 40}-05-{1 + at % 28:02d}",
            Phone=f"+4520{100_000 + 37 * at}",
        )
        for prefix in ("N8", "N9")
        for at, (number, given, surname) in enumerate(named)
    ]  # fmt: skip
    pipeline.ingest("loyalty_members", people.members_file(tmp_path / "members.csv", rows))


def compare_in_threads(shares: list[tuple[int, int]]) -> list[probable.Matched]:
    begin, found = threading.Barrier(len(shares)), []

    def work(low: int, high: int) -> None:
        try:
            begin.wait()
            found.append(probable.match_changed(low=low, high=high, together=True))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=share) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_two_at_once__everybody_who_is_there_twice_is_joined_once(tmp_path):
    twice(tmp_path)

    done = compare_in_threads(together.shares(2))

    assert sum(each.joined for each in done) == PEOPLE
    assert Customer.objects.living().count() == PEOPLE
    assert Link.objects.filter(rule=LinkRule.PROBABLE, ended_at=None).count() == PEOPLE
    assert probable.match_changed().looked_at == 0


@pytest.mark.django_db(transaction=True)
def test_processes_of_their_own__join_as_one_does(tmp_path, monkeypatch):
    twice(tmp_path)
    monkeypatch.setattr(together, "WORTH_A_PROCESS", 1)
    monkeypatch.setenv("DATABASE_URL", children.environment()["DATABASE_URL"])
    monkeypatch.setenv("IAROS_KEYS_FILE", children.environment()["IAROS_KEYS_FILE"])

    done = together.match_changed(processes=2)

    assert done.joined == PEOPLE
    assert Customer.objects.living().count() == PEOPLE


@pytest.mark.django_db(transaction=True)
def test_somebody_who_was_joined_meanwhile__is_not_what_they_were(tmp_path):
    twice(tmp_path)

    with transaction.atomic():
        began = contested.now()
        everybody = set(Customer.objects.living().values_list("id", flat=True))
        before = contested.since(began, everybody)
    probable.match_changed()
    with transaction.atomic():
        after = contested.since(began, everybody)

    assert before == set()
    assert after == everybody


@pytest.mark.django_db
def test_a_run_was_killed__whose_keys_it_made_are_compared_again(take_in):
    take_in("loyalty_members", [people.member("N700100", "Solveig", "Ekdahl", Birth_Date="1984-05-17")])
    killed = runs.begin_act(runs.PROBABLE, "probable matches")
    search_keys.refresh_customers(list(Customer.objects.values_list("id", flat=True)))
    assert SearchKeys.objects.count() == 1

    done = together.match_changed()

    assert done.looked_at == 1
    assert IngestRun.objects.get(id=killed.id).state == RunState.INTERRUPTED
