"""The pages in a real browser, light and dark: no broken policy, no error in the console, no barrier that axe knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from iaros.lib import clock, jobs
from profiles import pipeline
from profiles.models import Link, QuarantinedRow, ReviewPair, SourceRecord
from profiles.quality import scorecard
from tests import world as people
from tests.web.conftest import PASSWORD

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(settings.BASE_DIR) / "node_modules/axe-core/axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN_AXE = """async rules => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: rules}});
  return found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.target.join(" ")).join(", ")}`);
}"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium"),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, and Django would refuse the database while it does.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def site(transactional_db: None, _plain_site: None, request: pytest.FixtureRequest) -> str:
    """The address of the running site; begun only now, since it reads its settings when it begins."""
    return str(request.getfixturevalue("live_server").url)


class Visitor:
    """Somebody at a screen, and whatever the browser complained about meanwhile."""

    def __init__(self, browser: Any, address: str, size: dict[str, int]) -> None:
        self.address, self.listens = address, True
        self.complaints: list[str] = []
        self.page = browser.new_context(viewport=size).new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: Any) -> None:
        if self.listens and message.type in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def sign_in(self, user: Any) -> None:
        self.page.goto(f"{self.address}/sign-in/")
        self.page.fill("#id_username", user.username)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("button.btn-primary")
        self.page.wait_for_load_state()

    def choose(self, theme: str) -> None:
        self.page.evaluate("theme => localStorage.setItem('theme', theme)", theme)

    def open(self, path: str) -> None:
        """Load the page with the parts that it asks for by itself."""
        self.page.goto(f"{self.address}{path}")
        self.page.locator(".skeleton").first.wait_for(state="detached")

    def visit(self, path: str) -> list[str]:
        """What axe finds on the page; the page itself is loaded under its own policy."""
        self.open(path)
        # Axe styles what it measures, which the policy forbids to it: that is not the page's doing.
        self.listens = False
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(RUN_AXE, RULES)
        self.listens = True
        return [f"{path}: {each}" for each in found]

    def width(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


def _paths(alice: Any, run: Any) -> list[str]:
    tabs = ("", "timeline/", "identities/", "traits/", "segments/", "scores/", "recommendations/", "consent/", "audit/")
    return [
        "/",
        "/customers/",
        "/customers/?q=andersson",
        *(f"/customers/{alice}/{tab}" for tab in tabs),
        "/segments/",
        "/segments/test-segment/",
        "/models/",
        "/models/churn_90d/",
        "/sources/",
        "/sources/loyalty_members/",
        f"/sources/runs/{run.id}/",
        "/jobs/",
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page__is_clean_and_open_to_everybody(browser, site, person_of, alice, run, theme):
    visitor = Visitor(browser, site, DESK)
    visitor.page.goto(f"{site}/sign-in/")
    visitor.choose(theme)
    barriers = visitor.visit("/sign-in/")
    visitor.sign_in(person_of("dpo"))

    for path in _paths(alice, run):
        barriers += visitor.visit(path)

    assert barriers == []
    assert visitor.complaints == []


@pytest.fixture
def loaded(site: str, tmp_path: Path) -> list[str]:
    """The pages of a steward, over a file of two versions with a row that waits."""
    rows = [people.member("7", "Ann", "Ek", Email="ann@example.org"), people.member("", "No", "Number")]
    first = pipeline.ingest("loyalty_members", people.members_file(tmp_path / "members.csv", rows))
    moved = people.members_file(tmp_path / "moved.csv", [people.member("7", "Ann", "Ek", Email="ann@new.example")])
    second = pipeline.ingest("loyalty_members", moved)
    job = jobs.start("ingest", {"dry_run": True})
    pipeline.preview("loyalty_members", [tmp_path / "members.csv"], job=job)
    scorecard.measure()
    record = SourceRecord.objects.filter(superseded_at=None).values_list("id", flat=True)[0]
    row = QuarantinedRow.objects.values_list("id", flat=True)[0]
    return [
        "/sources/",
        "/sources/loyalty_members/",
        "/sources/upload/",
        f"/sources/runs/{first.run_id}/",
        f"/sources/runs/{second.run_id}/",
        f"/sources/trials/{job.id}/",
        f"/sources/rows/{row}/",
        f"/sources/records/{record}/?purpose=servicing",
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_a_steward__are_clean_and_open_to_everybody(browser, site, person_of, loaded, theme):
    visitor = Visitor(browser, site, DESK)
    visitor.page.goto(f"{site}/sign-in/")
    visitor.choose(theme)
    visitor.sign_in(person_of("data_steward"))

    barriers = [barrier for path in loaded for barrier in visitor.visit(path)]

    assert barriers == []
    assert visitor.complaints == []


@pytest.fixture
def alike(site: str, tmp_path: Path) -> tuple[list[str], ReviewPair]:
    """The pages of who is who, over two who may be one."""
    rows = [people.member("7", "Ann", "Ekman", Email="ann@example.org"), people.member("8", "Anna", "Ekman")]
    trip = people.passenger(1, "ANN", "EKMAN", loyalty_number="7")
    pipeline.ingest("loyalty_members", people.members_file(tmp_path / "members.csv", rows))
    pipeline.ingest("pnr", people.json_file(tmp_path / "pnr.ndjson", [people.booking("TRIP01", [trip])]))
    one, other = sorted((people.customer("7"), people.customer("8")))
    ReviewPair.objects.all().delete()
    pair = ReviewPair.objects.create(
        one_id=one,
        other_id=other,
        reason="grey",
        weight=3.6,
        evidence={"parts": [["prior", "1 in 330 pairs", -8.4], ["surname", "exact", 12.0]]},
        model_version=0,
        found_at=clock.now(),
    )
    ann = people.customer("7")
    record = Link.objects.filter(customer_id=ann, ended_at=None).order_by("linked_at").last()
    return [
        "/identity/?purpose=servicing",
        "/identity/quality/",
        f"/identity/pairs/{pair.pk}/?purpose=servicing",
        f"/customers/{ann}/identities/?purpose=servicing",
        f"/customers/{ann}/traits/?purpose=servicing&as_of=2026-03-03",
        f"/customers/{one}/merge/?purpose=servicing&q=ekman",
        f"/customers/{one}/merge/?purpose=servicing&other={other}",
        f"/customers/{ann}/split/?purpose=servicing&record={record.record_id}",
    ], pair


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_who_is_who__are_clean_and_open_to_everybody(browser, site, person_of, alike, theme):
    visitor = Visitor(browser, site, DESK)
    visitor.page.goto(f"{site}/sign-in/")
    visitor.choose(theme)
    visitor.sign_in(person_of("data_steward"))

    barriers = [barrier for path in alike[0] for barrier in visitor.visit(path)]

    assert barriers == []
    assert visitor.complaints == []


def test_a_pair__is_decided_by_a_key(browser, site, person_of, alike):
    _, pair = alike
    visitor = Visitor(browser, site, PHONE)
    visitor.sign_in(person_of("data_steward"))
    visitor.open(f"/identity/pairs/{pair.pk}/?purpose=servicing")
    assert visitor.width() <= PHONE["width"]

    visitor.page.keyboard.press("r")
    visitor.page.wait_for_url("**/identity/?purpose=servicing")

    pair.refresh_from_db()
    assert pair.state == "rejected"


BUILT = (
    '{"all":[{"feature":"booking:count_730d","op":">=","value":1},{"any":[{"attribute":"tier","op":"in","value":["gold"]},'
    '{"none":[{"segment":"bag-buyers","op":"in"},{"sequence":[{"event":"web_searched"},{"event":"booking_made",'
    '"absent":true}],"within_days":30}]}]}]}'
)
AUDIENCES = [
    "/features/",
    "/features/?state=moved&sort=drift",
    "/features/booking:recency_days/",
    "/segments/rfm/",
    "/segments/rfm/?by=both&fifth=5&show=value",
    "/segments/rfm/?show=change",
    "/segments/clusters/",
    "/segments/lists/",
    "/segments/health/",
    "/segments/lifecycle-active/",
    "/segments/lifecycle-active/why/?customer=nobody",
    "/segments/new/",
    f"/segments/new/?use=marketing&channel=email&rule={BUILT}",
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_audiences__are_clean_and_open_to_everybody(browser, site, person_of, base, theme):
    visitor = Visitor(browser, site, DESK)
    visitor.page.goto(f"{site}/sign-in/")
    visitor.choose(theme)
    visitor.sign_in(person_of("analyst"))

    barriers = [barrier for path in AUDIENCES for barrier in visitor.visit(path)]

    assert barriers == []
    assert visitor.complaints == []


def test_pages_of_audiences__fit_a_phone(browser, site, person_of, base):
    visitor = Visitor(browser, site, PHONE)
    visitor.sign_in(person_of("analyst"))

    widths = {}
    for path in AUDIENCES:
        visitor.open(path)
        widths[path] = visitor.width()

    assert {path: width for path, width in widths.items() if width > PHONE["width"]} == {}


def settled(page):
    """What was swapped in has its focus: only then do keys reach whom they are meant for."""
    page.wait_for_selector("html:not(:has(.htmx-swapping, .htmx-settling, .htmx-added))")


def test_a_segment__is_built_and_published_by_keyboard_alone(browser, site, person_of, base):
    visitor = Visitor(browser, site, DESK)
    visitor.sign_in(person_of("analyst"))
    visitor.open("/segments/new/")
    page = visitor.page

    page.focus("#id_name")
    page.keyboard.type("By keyboard")
    page.select_option("#id_use", "marketing")
    page.select_option("#id_channel", "email")
    page.focus("[name='n-0.name']")
    page.keyboard.type("booking:count_730d")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Tab")  # to the button that removes the condition, which must stay
    page.wait_for_selector("#n-0-told b")
    page.focus("#tree")
    page.keyboard.press("g")
    page.wait_for_selector("[name^='n-1-0.']:focus")
    page.focus("[name='n-0.name']")
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_selector("[name='n-1.name']")
    settled(page)
    assert page.input_value("[name='n-1.name']") == "booking:count_730d"
    page.focus("#tree")
    page.keyboard.press("u")
    page.wait_for_selector("[name='n-0.name']")
    settled(page)
    page.focus("#tree")
    page.keyboard.press("u")
    page.wait_for_selector("[name='n-1-0.name']", state="detached")
    settled(page)
    page.wait_for_selector("#reach .funnel")
    assert "rule=" in page.url
    page.focus("button[value=publish]")
    page.keyboard.press("Enter")

    page.wait_for_url("**/segments/by-keyboard/")
    page.wait_for_load_state("networkidle")
    assert visitor.complaints == []


def test_every_page__fits_a_phone(browser, site, person_of, alice, run):
    visitor = Visitor(browser, site, PHONE)
    visitor.sign_in(person_of("dpo"))

    widths = {}
    for path in _paths(alice, run):
        visitor.open(path)
        widths[path] = visitor.width()

    assert {path: width for path, width in widths.items() if width > PHONE["width"]} == {}
    assert visitor.complaints == []
    assert visitor.visit(f"/customers/{alice}/") == []


def test_keys__find_go_and_help(browser, site, person_of, alice):
    visitor = Visitor(browser, site, DESK)
    visitor.sign_in(person_of("analyst"))
    page = visitor.page

    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/segments/")
    page.keyboard.press("/")
    page.keyboard.type("Andersson")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/?q=Andersson")

    assert page.input_value("#find") == "Andersson"


def test_choosing_a_purpose__reloads_the_page_for_it(browser, site, person_of, alice):
    visitor = Visitor(browser, site, DESK)
    visitor.sign_in(person_of("dpo"))
    visitor.page.goto(f"{site}/customers/{alice}/")

    visitor.page.select_option("#purpose", "servicing")
    visitor.page.wait_for_url("**purpose=servicing")
    visitor.page.click("text=Reveal")

    visitor.page.wait_for_selector("text=alice@example.org")
    assert visitor.complaints == []


def test_a_running_job__moves_on_the_page_by_itself(browser, site, person_of, job):
    visitor = Visitor(browser, site, DESK)
    visitor.sign_in(person_of("analyst"))
    visitor.page.goto(f"{site}/jobs/{job.id}/")
    assert visitor.page.locator("text=40%").is_visible()

    job.done, job.state = 100, "succeeded"
    job.save()

    visitor.page.wait_for_selector("text=Succeeded", timeout=8000)
    assert visitor.complaints == []
