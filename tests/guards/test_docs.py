"""The documents are true: pages made from the code are current, links lead somewhere, commands exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands

from iaros.lib.config import READERS
from tests.guards.house import ROOT, files, named, sources, told

PAGES = [path for path in files() if path.suffix == ".md"]
# Known before Django is: iaros/bootstrap.
OURS = {"up", "test", "setup", "down", "doctor", "help"}
_COMMAND = re.compile(r"manage\.py +`?([a-z][a-z_-]+)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"```.*?```", re.S)


@pytest.mark.parametrize(("command", "page"), [("features", "docs/features.md"), ("sources", "docs/sources.md")])
def test_generated_pages__are_current(command: str, page: str) -> None:
    made = StringIO()
    call_command(command, "--markdown", stdout=made)

    assert (ROOT / page).read_text() == made.getvalue(), f"Run `manage.py {command} --markdown > {page}` and commit it."


def test_commands__that_documents_name__exist() -> None:
    known = OURS | set(get_commands())
    faults = [
        f"{named(page)}: manage.py {command}"
        for page in PAGES
        for command in sorted(set(_COMMAND.findall(page.read_text())) - known)
    ]

    assert not faults, told(faults, "No such command; name the one that is meant, or write it:")


def test_settings__are_all_described() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    variables = re.findall(r"\benv(?:\.\w+)?\(\s*\"([A-Z_]+)\"", (ROOT / "iaros/settings.py").read_text())
    keys = [key for _, key in READERS]
    faults = [name for name in [*variables, *keys] if name not in page]

    assert not faults, told(faults, "Say in docs/settings.md what it does:")


def test_the_airlines_settings__each_have_an_effect() -> None:
    code = "".join(path.read_text() for path in sources() if named(path) != "iaros/lib/config.py")
    fixed = {"gdpr_compliance", "consent_required"}  # only true is taken, so there is nothing to ask
    faults = [f"{section}.{key}" for section, key in READERS if key not in fixed and f".{section}.{key}" not in code]

    assert not faults, told(faults, "The key has no effect: give it one, or refuse it in iaros/lib/config.py:")


def test_links__between_documents__lead_somewhere() -> None:
    faults = [f"{named(page)}: {link}" for page in PAGES for link in _links(page) if not _resolves(page, link)]

    assert not faults, told(faults, "The file or heading is not there; mend the link:")


def test_documents__are_found_from_the_index() -> None:
    index = (ROOT / "docs/README.md").read_text()
    faults = [
        named(page)
        for page in PAGES
        if page.parent == ROOT / "docs" and page.name != "README.md" and f"({page.name})" not in index
    ]

    assert not faults, told(faults, "Name the page in docs/README.md, under who reads it:")


def test_decisions__have_the_four_parts_and_stand_in_the_index() -> None:
    records = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    index = (ROOT / "docs/adr/README.md").read_text()
    parts = ("Status", "Context", "Decision", "Consequences")
    faults = [
        f"{named(record)}: {part}" for record in records for part in parts if f"## {part}\n" not in record.read_text()
    ]
    faults += [f"{named(record)}: not in the index" for record in records if f"({record.name})" not in index]

    assert not faults, told(faults, "See docs/adr/0001 for what a record is:")


def _links(page: Path) -> Iterator[str]:
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if not re.match(r"[a-z]+:", link):
            yield link


def _resolves(page: Path, link: str) -> bool:
    name, _, heading = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return False
    return not heading or target.suffix != ".md" or heading in _headings(target)


def _headings(page: Path) -> set[str]:
    """The anchors of a page, made as GitHub makes them."""
    titles = re.findall(r"^#+ +(.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
