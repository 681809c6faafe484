"""Objects are cut out of a JSON file however it is laid out, and what is none is named."""

from __future__ import annotations

import io

import pytest

from profiles.sources import json_units


def cut(content: bytes, *within: str) -> list[tuple[int, bytes, str | None]]:
    return [
        (unit.row, unit.raw, unit.fault.reason if unit.fault else None)
        for unit in json_units.units(io.BytesIO(content), within=within)
    ]


@pytest.fixture(params=[1 << 20, 5], ids=["one block", "blocks of five bytes"])
def block(request, monkeypatch):
    monkeypatch.setattr(json_units, "BLOCK", request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    ("content", "within", "found"),
    [
        (b'{"a":1}\n{"b":2}\n', (), [(1, b'{"a":1}'), (2, b'{"b":2}')]),
        (b'[\n {"a":"x\\"}]"},\n\n {"b":[1,{"c":2}]}\n]', (), [(2, b'{"a":"x\\"}]"}'), (4, b'{"b":[1,{"c":2}]}')]),
        (
            b'{"n":2,"other":[{"no":1}],"t":[{"i":1},{"i":2}],"x":{"y":[{}]}}',
            ("t",),
            [(1, b'{"i":1}'), (1, b'{"i":2}')],
        ),
        (b'{\n"data":{"type":"order","data":3},"d":{"a":{}}}', ("data",), [(2, b'{"type":"order","data":3}')]),
        (
            b'{"data":{"i":1}}\n{"data": {"i":{"j":2}} }\n{"data":{"i":3},"data":{"i":4}}',
            ("data",),
            [(1, b'{"i":1}'), (2, b'{"i":{"j":2}}'), (3, b'{"i":3}'), (3, b'{"i":4}')],
        ),
        (
            b'{"data":{"i":1}}\n{ "data" : {"i":[{}]}\n}\n{"data":{"i":2},"m":{}}\n{"data":{"i":{"data":{"j":3}}}}',
            ("data",),
            [(1, b'{"i":1}'), (2, b'{"i":[{}]}'), (4, b'{"i":2}'), (5, b'{"i":{"data":{"j":3}}}')],
        ),
        (b'{"a":"\xc3\xa5"}\n{"a":1}\n', (), [(1, b'{"a":"\xc3\xa5"}'), (2, b'{"a":1}')]),
        (b"", (), []),
        (b"[]", (), []),
        (b'\xef\xbb\xbf{"a":1}', (), [(1, b'{"a":1}')]),
    ],
)
def test_objects__are_cut_out_as_they_stand(content, within, found):
    assert cut(content, *within) == [(row, raw, None) for row, raw in found]


def test_what_stands_between_objects__is_named_and_the_others_go_on():
    assert cut(b'[{"a":1},oops,\n{"b":2}]') == [
        (1, b'{"a":1}', None),
        (1, b"oops", "not JSON: b'oops'"),
        (2, b'{"b":2}', None),
    ]


def test_an_object_with_bytes_that_are_no_text__is_named_alone():
    [good, bad, last] = cut(b'[{"a":1},\n{"b":"\xff"},\n{"c":2}]')

    assert (good[2], last[2]) == (None, None)
    assert str(bad[2]).startswith("not UTF-8")


def test_an_object_that_is_never_closed__is_named():
    [first, last] = cut(b'[{"a":1},\n{"b":"x')

    assert first == (1, b'{"a":1}', None)
    assert last == (2, b'{"b":"x', "an object that is not closed")


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    ("content", "within"), [(b'[{"a":1},\n', ()), (b'{"t":[{"a":1}', ("t",)), (b'{"t":[{"a":1}]', ("t",))]
)
def test_an_array_that_is_never_closed__is_named_after_its_objects(content, within):
    [first, last] = cut(content, *within)

    assert first == (1, b'{"a":1}', None)
    assert last[2] == "an array or an envelope that is not closed"


def test_an_object_a_line__a_broken_one_takes_no_other_with_it():
    assert [row for row, _, _ in cut(b'{"a":1}\n{"b":\n{"c":3}\n')] == [1, 2, 3]


def test_an_object_of_nine_megabytes__is_counted_and_the_others_go_on():
    [first, long, last] = cut(b'[{"z":1},{"a":"' + b'x\\"' * 3_000_000 + b'"},{"b":2}]')

    assert (first[1], last[1]) == (b'{"z":1}', b'{"b":2}')
    assert long[2] == "9,000,008 bytes long"
