"""Two workers that meet the same new people at once create each of them once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection

from profiles import pipeline
from profiles.models import Customer, Identifier
from tests.world import activity_file, member, members_file, month

PEOPLE = 300


@pytest.mark.django_db(transaction=True)
def test_two_workers__same_new_people_in_both_files__each_is_created_once(tmp_path: Path) -> None:
    numbers = [str(700_000 + n) for n in range(PEOPLE)]
    members = members_file(tmp_path / "members.csv", [member(n, "Given", f"Person{n}") for n in numbers])
    activity = activity_file(tmp_path / "activity.csv", [month(n, 9) for n in numbers])
    together = threading.Barrier(2)
    failures: list[BaseException] = []

    def work(source: str, path: Path) -> None:
        try:
            together.wait()
            pipeline.ingest(source, path)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [
        threading.Thread(target=work, args=("loyalty_members", members)),
        threading.Thread(target=work, args=("loyalty_activity", activity)),
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert failures == []
    assert Customer.objects.filter(merged_into__isnull=True).count() == PEOPLE
    assert Identifier.objects.filter(claims=True).count() == PEOPLE
