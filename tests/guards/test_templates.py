"""Templates carry neither style nor code and load nothing from elsewhere: the strict rules of the pages refuse it."""

from __future__ import annotations

import re

from tests.guards.house import files, named, told

TEMPLATES = [path for path in files() if path.suffix == ".html" and named(path).startswith("templates/")]
FORBIDDEN = {
    "a style in an attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "a style sheet in the page": re.compile(r"<style[\s>]", re.I),
    "a handler in an attribute": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", re.I),
    "a script in the page": re.compile(r"<script(?![^>]*(?:\bsrc=|application/json))", re.I),
    "an address of javascript": re.compile(r"javascript:", re.I),
    "something loaded from elsewhere": re.compile(
        r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"'](?:https?:)?//", re.I
    ),
    "text declared safe": re.compile(r"\|\s*safe\b|\{%\s*autoescape\s+off", re.I),
}


def test_templates__hold_words_and_structure_only() -> None:
    faults = [
        f"{named(path)}: {what}"
        for path in TEMPLATES
        for what, pattern in FORBIDDEN.items()
        if pattern.search(path.read_text())
    ]

    assert TEMPLATES
    assert not faults, told(faults, "Looks go to static/css, behaviour to static/js, files to package.json:")
