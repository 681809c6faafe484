"""No page leads its reader to a page that says no."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin
from uuid import UUID

import pytest
from django.test import Client

TABS = ("", "timeline/", "identities/", "traits/", "segments/", "scores/", "recommendations/", "consent/", "audit/")
PAGES = ("/", "/customers/", "/segments/", "/segments/test-segment/", "/sources/", "/jobs/", "/models/")
# Files of the site, the way out, and Alice's record, of which the tests keep no raw line.
ELSEWHERE = ("/static/", "/sign-out/", "/sources/records/")
_HREF = re.compile(r'href="([^"#]+)"')


def links(client: Client, pages: list[str]) -> set[str]:
    """Where those of the pages that open lead, on this site; not out of it."""
    found: set[str] = set()
    for page in pages:
        answer = client.get(page)
        text = answer.content.decode() if answer.status_code == 200 else ""
        found |= {urljoin(page, unescape(href)) for href in _HREF.findall(text)}
    return {link for link in found if link.startswith("/") and not link.startswith(ELSEWHERE)}


@pytest.mark.parametrize("role", ["analyst", "data_scientist", "data_steward", "dpo", "operator"])
def test_every_link_that_somebody_sees__opens_for_them(signed_in, alice: UUID, role):
    client = signed_in(role)

    found = links(client, [*PAGES, *(f"/customers/{alice}/{tab}" for tab in TABS)])

    assert len(found) > 10
    assert [link for link in sorted(found) if client.get(link, follow=True).status_code >= 400] == []
