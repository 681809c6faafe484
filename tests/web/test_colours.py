"""The colours that pages use are those of the design system, and every pair keeps its contrast."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text(encoding="utf-8")
LIGHT = dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6});", CSS.partition('[data-bs-theme="dark"]')[0]))
DARK = dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6});", CSS.partition('[data-bs-theme="dark"]')[2]))
THEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
GROUNDS = ("bg", "surface", "sunken", "hover", "selected")

TEXT = [(text, ground) for text in ("fg", "muted", "subtle", "accent") for ground in GROUNDS]
TEXT += [(tone, f"{tone}-bg") for tone in ("ok", "warn", "bad", "purple", "accent")]
TEXT += [(tone, "surface") for tone in ("ok", "warn", "bad")]
TEXT += [("muted", "neutral-bg"), ("fg", "neutral-bg"), ("accent-fg", "accent")]
TEXT += [("fg", "warn-bg"), ("fg", "bad-bg"), ("muted", "warn-bg"), ("muted", "bad-bg")]
TEXT += [(f"q{i}-text", f"q{i}") for i in range(7)]
MARKS = [(mark, "surface") for mark in ("control", "ok-mark", "warn-mark", "bad-mark", "reference")]
MARKS += [(f"c{i}", "surface") for i in range(1, 7)] + [("raises", "surface"), ("lowers", "surface")]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@THEMES
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text__on_every_ground_it_is_used_on__is_readable(colours, text, ground):
    assert _contrast(colours[text], colours[ground]) >= 4.5


@THEMES
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_and_borders__on_a_card__can_be_seen(colours, mark, ground):
    assert _contrast(colours[mark], colours[ground]) >= 3.0


def test_both_themes__name_the_same_colours():
    assert set(LIGHT) == set(DARK)
