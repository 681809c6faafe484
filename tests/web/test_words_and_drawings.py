"""Numbers in the airline's words, and small drawings that need no style."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iaros.web import drawings, formats, tables
from iaros.web.reads import timeline
from iaros.web.tables import as_csv, safe_cell
from iaros.web.templatetags.look import icon
from profiles.models import EventKind


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.number(1284310), "1,284,310"),
        (formats.number(-96), "−96"),
        (formats.number(None), "–"),
        (formats.signed(412), "+412"),
        (formats.short(9204), "9.2 k"),
        (formats.money(18950), "€189.50"),
        (formats.money(128400), "€1,284"),
        (formats.money(412, "JPY"), "JPY 412"),
        (formats.money(1_500, "KWD"), "KWD 1.500"),
        (formats.money(-18950, "USD"), "−$189.50"),
        (formats.short_money(4_470_000_000), "€44.7 M"),
        (formats.share(0.618), "61.8%"),
        (formats.points(0.006), "+0.6 pp"),
        (formats.age(timedelta(hours=3, minutes=12)), "3 h 12 min"),
        (formats.age(timedelta(days=3, hours=14)), "3 d 14 h"),
        (formats.age(timedelta(hours=2)), "2 h"),
        (formats.age(timedelta(days=400)), "400 d"),
        (formats.words("extra_bag"), "Extra bag"),
    ],
)
def test_values__are_written__as_the_airline_says_them(written, expected):
    assert written == expected


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_a_cell_that_would_run_as_a_formula__gets_a_quote(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["Alice", -1.5, 0, "a=b", ""])
def test_a_harmless_cell__stays_as_it_is(value):
    assert safe_cell(value) == value


def test_a_file__is_streamed_with_its_header():
    response = as_csv("members", ["name", "note"], iter([["Alice", "=x"], ["Bob, jr", None]]))

    assert response.streaming
    assert b"".join(response.streaming_content).decode() == '\ufeffname,note\r\nAlice,\'=x\r\n"Bob, jr",\r\n'


def test_file__longer_than_the_most_rows__says_where_it_ends(monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 2)

    lines = [b"".join(as_csv("members", ["n"], ([n] for n in range(rows)))).decode().splitlines() for rows in (2, 3)]

    assert lines[0][1:] == ["0", "1"]
    assert lines[1][1:3] == ["0", "1"]
    assert "Cut off after 2 rows" in lines[1][3]


def test_one_value__has_no_shape():
    assert drawings.sparkline([3], "members") == ""


def test_drawings__have_words_and_no_style():
    drawn = [
        drawings.sparkline([1, 2, 1], "members"),
        drawings.bar(0.4, "done"),
        drawings.gauge(0.4, 0.3, 0.6, "churn"),
        drawings.volume([1, 0, 2], "rows"),
    ]

    assert all('role="img" aria-label=' in svg and "style" not in svg for svg in drawn)


def test_a_label_from_outside__is_escaped():
    assert "<script>" not in drawings.bar(0.4, '"><script>')


def test_a_day_without_rows__is_marked__but_not_before_the_first():
    svg = drawings.volume([0, 5, 0], "rows")

    assert svg.count('class="missing"') == 1
    assert svg.count('class="before"') == 1


def test_a_reason_that_lowers__goes_left_of_the_middle():
    assert 'class="lowers" x="2.0"' in drawings.reason_bar(-1.0, 1.0)


def test_an_icon__is_drawn_from_the_package_and_hidden_from_readers():
    assert 'aria-hidden="true"' in icon("home")


@pytest.mark.parametrize("kind", EventKind)
def test_whatever_happens__has_an_icon_and_words(kind: EventKind) -> None:
    told = {"item": None, "quantity": 1, "value_base_minor": None, "cabin": None, "lead_days": None}

    assert "<path" in icon(timeline.ICONS[kind])
    assert timeline.in_words(kind, told)
