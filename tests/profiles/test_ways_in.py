"""Every way in ends in the same run: the watched folder, a sent file, a fetched one, an archive of several."""

from __future__ import annotations

import gzip
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.management import call_command

from iaros.lib import jobs
from iaros.lib.models import Job, JobState
from profiles import deliveries, inbox, pipeline, pulling
from profiles.models import CursorKind, Delivery, DeliveryPart, IngestRun, LoyaltyActivity, Pull, QuarantinedRow, Way
from profiles.pulling import CannotPull
from profiles.sources import opening
from tests import world as people

ACTIVITY = [people.month("7", n, points=n) for n in range(1, 6)]


@pytest.fixture
def activity(tmp_path: Path) -> bytes:
    return people.activity_file(tmp_path / "activity.csv", ACTIVITY).read_bytes()


@pytest.fixture
def box(db, settings, tmp_path) -> Path:
    settings.INBOX_DIR = tmp_path / "inbox"
    return inbox.prepare()


def lay(folder: Path, name: str, content: bytes, *, seconds_ago: float = 60) -> Path:
    path = folder / name
    path.write_bytes(content)
    moment = path.stat().st_mtime - seconds_ago
    os.utime(path, (moment, moment))
    return path


def test_inbox__a_file_is_taken_in_and_moves_to_done_with_its_report(box, activity):
    path = lay(box / "loyalty_activity", "may.csv", activity)

    [taken] = inbox.look()

    assert taken.reports[0]["new"] == 5
    assert not path.exists()
    [report] = (box / "done").glob("*/may.csv.report.json")
    assert json.loads(report.read_bytes())["runs"][0]["new"] == 5
    assert report.with_name("may.csv").read_bytes() == activity


def test_inbox__what_is_not_of_the_source__moves_to_refused_with_the_reason(box):
    lay(box / "loyalty_activity", "wrong.csv", b"a,b\n1,2\n")

    [taken] = inbox.look()

    assert (taken.state, "missing" in taken.problem) == ("refused", True)
    assert list((box / "refused").glob("*/wrong.csv"))


@pytest.mark.parametrize(("name", "seconds_ago"), [(".hidden.csv", 60), ("big.csv.part", 60), ("growing.csv", 0)])
def test_inbox__what_is_not_whole_yet__stays(box, activity, name, seconds_ago):
    path = lay(box / "loyalty_activity", name, activity, seconds_ago=seconds_ago)

    assert inbox.look() == []
    assert path.exists()


def test_inbox__auto_finds_out_whose_file_it_is(box, tmp_path):
    content = people.members_file(tmp_path / "m.csv", [people.member("5", "Ann", "Ek")]).read_bytes()
    lay(box / "auto", "people.csv", content)

    [taken] = inbox.look()

    assert taken.reports[0]["source"] == "loyalty_members"


def test_inbox__two_of_a_name__both_are_kept(box, activity):
    for _ in range(2):
        lay(box / "loyalty_activity", "may.csv", activity)
        inbox.look()

    assert len(list((box / "done").glob("*/may*.csv"))) == 2


def test_command__looks_once(box, activity, capfdbinary):
    lay(box / "loyalty_activity", "may.csv", activity)

    call_command("watch_inbox", "--once", "--json")

    assert json.loads(capfdbinary.readouterr().out)["files"][0]["state"] == "done"


def send(content: bytes, **more: Any) -> Delivery:
    asked = {"source": "loyalty_activity", "name": "may.csv", "way": Way.UPLOAD, "sender": "ann", "key": "may"}
    return deliveries.receive(content, **{**asked, **more})


def test_sent_in_parts__the_last_one_starts_the_job__and_nothing_is_left_of_it(db, activity):
    half = len(activity) // 2
    first = send(activity[:half], size=len(activity))
    assert (first.state, first.job_id) == ("receiving", None)
    assert activity[:20] not in bytes(DeliveryPart.objects.get().cipher)

    last = send(activity[half:], starts_at=half, size=len(activity))
    deliveries.take(Job.objects.get(id=last.job_id))

    assert LoyaltyActivity.objects.count() == 5
    assert not DeliveryPart.objects.exists()
    assert Delivery.objects.get().state == "taken"
    assert Job.objects.get(id=last.job_id).state == JobState.SUCCEEDED


def test_a_part_that_came_before__changes_nothing__and_one_out_of_order_is_refused(db, activity):
    send(activity[:10], size=len(activity))

    again = send(activity[:10], size=len(activity))
    with pytest.raises(deliveries.CannotReceive) as refused:
        send(activity[20:], starts_at=20, size=len(activity))

    assert again.received == 10
    assert refused.value.expected == 10


def test_sent_packed__is_unpacked(db, activity):
    kept = send(gzip.compress(activity))

    deliveries.take(Job.objects.get(id=kept.job_id))

    assert LoyaltyActivity.objects.count() == 5


def test_sent_for_a_dry_run__changes_nothing_and_says_what_it_would(db, activity):
    kept = send(activity, dry_run=True)

    deliveries.take(Job.objects.get(id=kept.job_id))

    job = Job.objects.get(id=kept.job_id)
    assert job.result["files"][0]["new"] == 5
    assert not IngestRun.objects.exists()


def test_a_file_that_is_refused__says_so(db):
    kept = send(b"a,b\n1,2\n")

    deliveries.take(Job.objects.get(id=kept.job_id))

    kept.refresh_from_db()
    assert (kept.state, "missing" in kept.problem) == ("refused", True)
    assert jobs.take(kept.job_id) is None


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_an_archive_of_several_files__a_run_each(db, tmp_path, activity):
    members = people.members_file(tmp_path / "m.csv", [people.member("5", "Ann", "Ek")]).read_bytes()
    path = archive(tmp_path / "all.zip", {"a/may.csv": activity, "b/may.csv": members, "../../evil.csv": activity})

    reports = pipeline.ingest_all("auto", path)

    assert [(r.source, r.counts.new, r.counts.unchanged) for r in reports] == [
        ("loyalty_activity", 5, 0),
        ("loyalty_members", 1, 0),
        ("loyalty_activity", 0, 5),
    ]
    assert not (tmp_path.parent / "evil.csv").exists()


def test_an_archive_that_grows_as_no_data_does__is_refused(db, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "GROWTH_IS_WATCHED_FROM", 1 << 20)
    path = archive(tmp_path / "bomb.zip", {"a.csv": b"0" * (8 << 20), "b.csv": b"x"})

    with pytest.raises(pipeline.FileRefused, match="grows"):
        pipeline.ingest_all("loyalty_activity", path)
    assert not QuarantinedRow.objects.exists()


class Shop(BaseHTTPRequestHandler):
    """A supplier on this machine: pages of objects, or a file with an ETag."""

    pages: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, dict[str, str]]]
    address: str

    def do_GET(self) -> None:
        type(self).asked.append((self.path, dict(self.headers)))
        status, headers, body = self.pages.get(self.path, (404, {}, b""))
        if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
            status, body = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def shop(socket_enabled: None = None) -> Iterator[type[Shop]]:
    class OneShop(Shop):
        """Its answers and its askers are of one test only."""

        pages: ClassVar = {}
        asked: ClassVar = []

    server = HTTPServer(("127.0.0.1", 0), OneShop)
    OneShop.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield OneShop
    server.shutdown()
    server.server_close()


def test_pull__the_whole_file_again_only_where_its_tag_changed(db, shop, activity):
    shop.pages["/may.csv"] = (200, {"ETag": '"1"'}, activity)
    row = Pull.objects.create(source="loyalty_activity", url=f"{shop.address}/may.csv")

    [first] = pulling.pull(row)
    second = pulling.pull(Pull.objects.get())

    assert (first["new"], second) == (5, [])
    assert Pull.objects.get().cursor == '"1"'
    assert pulling.due() == []


def test_pull__pages_are_followed_and_the_cursor_kept(db, shop, monkeypatch):
    monkeypatch.setenv("SHOP_KEY", "let me in")
    pages = [[people.booking(f"PAGE0{n}", [people.passenger(1, "KIM", "K")])] for n in range(2)]
    shop.pages["/p?after="] = (200, {}, json.dumps({"next": "2", "rows": pages[0]}).encode())
    shop.pages["/p?after=2"] = (200, {}, json.dumps({"next": "", "rows": pages[1]}).encode())
    row = Pull.objects.create(
        source="pnr", url=f"{shop.address}/p?after={{cursor}}", cursor_kind=CursorKind.NEXT, next_member="next",
        header_name="X-Key", secret_name="SHOP_KEY",
    )  # fmt: skip
    monkeypatch.setattr(pipeline, "ingest_all", lambda source, path: [])

    pulling.pull(row)

    assert [path for path, _ in shop.asked] == ["/p?after=", "/p?after=2"]
    assert shop.asked[0][1]["X-Key"] == "let me in"
    assert Pull.objects.get().cursor == "2"


def test_pull__that_fails__says_why_on_its_row_and_is_put_off(db, shop):
    row = Pull.objects.create(source="loyalty_activity", url=f"{shop.address}/nothing.csv")

    with pytest.raises(CannotPull, match="404"):
        pulling.pull(row)

    assert "404" in Pull.objects.get().problem
    assert pulling.due() == []


def test_pull__in_the_clear_from_elsewhere__refused(db):
    row = Pull.objects.create(source="loyalty_activity", url="http://example.org/may.csv")

    with pytest.raises(CannotPull, match="https"):
        pulling.pull(row)
