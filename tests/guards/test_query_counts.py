"""Each page and each reading route has a test that pins how many statements it may run."""

from __future__ import annotations

import re

from iaros.api import urls as api_urls
from iaros.web import urls as web_urls
from tests.guards.house import files, named, told

_PINS = ("django_assert_num_queries", "django_assert_max_num_queries", "CaptureQueriesContext", "assertNumQueries")
# Started or stopped by a POST, or about the API itself.
ACTS = {"models/<slug:name>/retrain/", "jobs/<uuid:job_id>/cancel/", "schema/", "docs/", "^.*$"}
ACTS |= {
    "segments/<slug:slug>/activate/",
    "segments/clusters/look/",
    "segments/clusters/adopt/",
    "segments/lists/bring/",
    "segments/lists/<slug:slug>/forget/",
    "segments/<slug:slug>/rename/",
    "segments/<slug:slug>/extend/",
    "segments/health/retire/",
    "segments/health/restore/",
}
ACTS |= {"intelligence/enrich", "models/retrain", "models/deploy"}
ACTS |= {"identity/merge", "identity/split", "identity/undo"}
# A part of a page or one row by its key: the same reads as the page it belongs to.
PARTS = {
    *("segments/<slug:slug>/reach/", "sources/runs/<uuid:run_id>/", "jobs/<uuid:job_id>/", "jobs/<uuid:job_id>"),
    *("customers/<uuid:customer_id>/identity/", "segments/<slug:slug>/edit/", "segments/counts/<uuid:job_id>/"),
    "activations/<uuid:activation_id>/file",
}


def test_pages_and_routes__have_their_cost_pinned() -> None:
    pinned = "\n".join(path.read_text() for path in files() if _is_a_pin(named(path), path.read_bytes()))
    wanted = [*(("/", pattern) for pattern in web_urls.urlpatterns), *(("", p) for p in api_urls.urlpatterns)]
    faults = [
        f"{start}{pattern.pattern}"
        for start, pattern in wanted
        if str(pattern.pattern) not in ACTS | PARTS and not _named_in(f"{start}{pattern.pattern}", pinned)
    ]

    assert not faults, told(faults, "Pin its statements beside the others (tests/web/test_pages.py, tests/api):")


def _is_a_pin(name: str, content: bytes) -> bool:
    return name.startswith(("tests/web/", "tests/api/")) and any(pin.encode() in content for pin in _PINS)


def _named_in(route: str, pinned: str) -> bool:
    """Whether a test names the route: as a string of its own, its parameters filled in with anything."""
    filled = re.sub(r"\\?<[^>]+>", '[^/"]+', re.escape(route).replace(r"\<", "<").replace(r"\>", ">"))
    return re.search(f"[\"']{filled.removesuffix('/')}/?[\"']", pinned) is not None
