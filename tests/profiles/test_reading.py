"""Whatever a file looks like: it is said by row what is wrong, and the good rows go in."""

from __future__ import annotations

import gzip

import pytest

from profiles import pipeline
from profiles.ingest import repeats
from profiles.models import QuarantinedRow
from profiles.sources import line_units, loyalty_members, reading, units
from profiles.sources.catalogue import CONNECTORS
from tests import world as people

HEADER = b"Loyalty Number,Given Name,Surname,Address"


def faults() -> list[tuple[int, str, str]]:
    return list(QuarantinedRow.objects.order_by("row").values_list("row", "field", "reason"))


def test_byte_order_mark__is_no_part_of_the_first_column(take_in, counts):
    report = take_in("loyalty_members", b"\xef\xbb\xbf" + HEADER + b"\r\n1,Ann,Ek,\r\n")

    assert counts(report) == (1, 0, 0, 0)


def test_utf_16__is_read_as_it_was_meant(take_in, counts, customer, db):
    text = HEADER.decode() + "\n1,Åse,Øst,\n"

    report = take_in("loyalty_members", text.encode("utf-16"))

    assert counts(report) == (1, 0, 0, 0)
    assert customer("1")


def test_gzip__is_unpacked(take_in, counts):
    assert counts(take_in("loyalty_members", gzip.compress(HEADER + b"\n1,Ann,Ek,\n2,Bo,Ek,\n"))) == (2, 0, 0, 0)


@pytest.mark.parametrize("chunk", [10_000, 100])
def test_gzip__cut_off__whole_lines_go_in_and_the_cut_is_named(take_in, counts, monkeypatch, chunk):
    monkeypatch.setattr(reading, "LINES_A_CHUNK", chunk)
    lines = [f"{n},{n * 7919 % 1000003:x},{n * 104729 % 1000003:x},".encode() for n in range(3000)]
    whole = gzip.compress(b"\n".join([HEADER, *lines]) + b"\n")

    report = take_in("loyalty_members", whole[: len(whole) // 2])

    new, _, _, quarantined = counts(report)
    assert new > 1000
    assert quarantined == 1
    [(row, field, reason)] = faults()
    assert (row, field) == (new + 2, "line")
    assert reason.startswith("the packed file ends here: ")


def test_gzip__damaged_inside__what_came_before_goes_in(take_in, counts):
    lines = [f"{n},{n * 7919 % 1000003:x},{n * 104729 % 1000003:x},".encode() for n in range(4000)]
    whole = bytearray(gzip.compress(b"\n".join([HEADER, *lines]) + b"\n"))
    middle = len(whole) // 2
    whole[middle : middle + 1000] = bytes(1000)

    new, _, _, quarantined = counts(take_in("loyalty_members", bytes(whole)))

    assert new > 1000
    assert quarantined >= 1
    assert faults()[-1][2].startswith("the packed file ends here: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04rest", "zip archive"),
        (b"PAR1rest", "Parquet"),
        (b"", "missing Loyalty Number"),
        (b"Given Name\nAnn\n", "missing Loyalty Number"),
        (b"Loyalty Number,Loyalty Number\n1,2\n", "stands twice"),
        (b"\x1f\x8b\x08", "missing Loyalty Number"),
    ],
)
def test_not_a_file_of_this_source__is_refused_and_says_why(take_in, content, said):
    with pytest.raises(pipeline.FileRefused, match=said):
        take_in("loyalty_members", content)


@pytest.mark.parametrize(
    "content",
    [
        b"Loyalty Number;Given Name;Surname\n1;Ann;Ek\n",
        b"LOYALTY_NUMBER\tGIVEN_NAME\tSURNAME\n1\tAnn\tEk\n",
        b"surname|given name|loyalty number\nEk|Ann|1\n",
    ],
)
def test_members__come_with_any_separator_and_spelling_of_the_header(take_in, counts, customer, content):
    assert counts(take_in("loyalty_members", content)) == (1, 0, 0, 0)
    assert customer("1")


def test_unknown_source__names_those_there_are(tmp_path):
    with pytest.raises(pipeline.UnknownSource, match="loyalty_members"):
        pipeline.ingest("members", tmp_path)


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (b"2,An\0n,Ek,", "line", "NUL byte at position 5"),
        (b"2,\xff,Ek,", "line", "not UTF-8: byte 0xff at position 3"),
        (b"2,Ann,Ek,,,", "line", "6 fields"),
        (b"2,Ann", "line", "2 fields"),
        (HEADER, "line", "the header again"),
        (b"2,An\rn,Ek,", "line", "carriage return at position 5"),
        (b'2,A"n,"Ek,', "line", "quotes inside a field"),
        (b",Ann,Ek,", "Loyalty Number", "empty"),
        (b"2,Ann,Ek," + b"x" * 300, "Address", "300 characters"),
    ],
)
def test_a_broken_row__is_named__and_its_neighbours_go_in(take_in, counts, customer, line, field, reason):
    report = take_in("loyalty_members", HEADER + b"\n1,Ann,Ek,\n" + line + b'\n3,Bo,Ek,"a, b"\n')

    assert counts(report) == (2, 0, 0, 1)
    assert faults() == [(3, field, reason)]
    assert customer("1") != customer("3")


def test_nothing_but_broken_rows__are_named(take_in, counts):
    assert counts(take_in("loyalty_members", HEADER + b"\n\xff\n\0\n")) == (0, 0, 0, 2)


def test_blank_lines__are_no_rows_but_count_in_row_numbers(take_in, counts):
    report = take_in("loyalty_members", HEADER + b"\n\n1,Ann,Ek,\n\n\nx\n\n")

    assert counts(report) == (1, 0, 0, 1)
    assert faults()[0][0] == 6


def test_line_breaks_in_quotes__belong_to_the_value(take_in, counts):
    report = take_in("loyalty_members", HEADER + b'\n1,Ann,Ek,"Ryesgade 3\r\n2100 KBH"\n2,Bo,Ek\n3,Cy,Ek,\n')

    assert counts(report) == (2, 0, 0, 1)
    assert faults() == [(4, "line", "3 fields")]


def test_a_quote_that_never_closes__costs_its_own_row_only(take_in, counts):
    rows = b"".join(b"%d,Ann,Ek,\n" % n for n in range(2, 200))

    report = take_in("loyalty_members", HEADER + b'\n1,Ann,Ek,"open\n' + rows)

    assert counts(report) == (198, 0, 0, 1)
    assert faults() == [(2, "line", "a quote that is not closed")]


def test_torn_rows__do_not_swallow_the_good_ones_between_them(take_in, counts):
    good = b"".join(b'"%d","Ann","Ek",""\n' % n for n in range(4, 9))

    report = take_in("loyalty_members", HEADER + b'\n"1","Ann","Ek","to\n2,Bo,Ek,\n' + good + b'"3","Cy","Ek","to\n')

    assert counts(report) == (6, 0, 0, 2)
    assert faults() == [(2, "line", "a quote that is not closed"), (9, "line", "a quote that is not closed")]


@pytest.mark.parametrize("content", [b"x" * (2 << 20), b"\x89PNG\r\n\x00\x01", b"\xff\xfe\xfd" * 9, b"a;b\n1;2\n"])
def test_a_file_of_nobody__is_one_row_whatever_is_in_it(db, tmp_path, counts, content):
    path = tmp_path / "file"
    path.write_bytes(content)

    report = pipeline.ingest("auto", path)

    assert (report.source, report.counts.read, counts(report)) == ("unrecognised", 1, (0, 0, 0, 1))
    assert faults() == [(1, "file", "unrecognised")]


def test_keys_of_a_large_file__are_compared_in_parts__and_found_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LINES_A_CHUNK", 10)
    path = tmp_path / "members.csv"
    numbers = [n * 7919 % 40 for n in range(75)]
    path.write_bytes(HEADER + b"".join(b"\n%d,Ann,Ek," % n for n in numbers))
    connector = CONNECTORS["loyalty_members"]

    whole = repeats.scan(connector, path, HEADER)
    monkeypatch.setattr(repeats, "MOST_IN_MEMORY", 25)
    in_parts = repeats.scan(connector, path, HEADER)

    earlier, last = whole.earlier.between(0, 75), whole.last.between(0, 75)
    assert (in_parts.earlier.between(0, 75), in_parts.last.between(0, 75), in_parts.rows) == (earlier, last, 75)
    assert (len(earlier), len(last)) == (35, 35)


def test_rows_of_one_key__wait_for_the_last_of_them__in_the_order_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LINES_A_CHUNK", 2)
    monkeypatch.setattr(repeats, "MOST_HELD_IN_MEMORY", 1)
    path = tmp_path / "members.csv"
    rows = [b"1,Ann,Ek,", b"2,Bo,Ek,", b"1,Anna,Ek,", b"2,Bob,Ek,", b"3,Cy,Ek,", b"1,Anne,Ek,", b"2,Bo,Eng,"]
    path.write_bytes(HEADER + b"\n" + b"\n".join(rows))
    connector = CONNECTORS["loyalty_members"]

    found = repeats.scan(connector, path, HEADER)
    chunks = list(repeats.gathered(reading.chunks(path, connector, HEADER), found))

    assert [chunk.lines.raw for chunk in chunks] == [
        [],
        [],
        [b"3,Cy,Ek,", b"1,Ann,Ek,", b"1,Anna,Ek,", b"1,Anne,Ek,"],
        [b"2,Bo,Ek,", b"2,Bob,Ek,", b"2,Bo,Eng,"],
    ]
    assert chunks[2].lines.rows.tolist() == [6, 2, 4, 7]


def test_objects_of_one_line__are_told_apart_where_a_key_comes_again(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LINES_A_CHUNK", 2)
    path = tmp_path / "users.json"
    path.write_bytes(b'{"users":[{"id":1},{"id":2},{"id":3},{"id":1,"name":"Ann"},{"id":4}]}')
    connector = CONNECTORS["zendesk_users"]

    found = repeats.scan(connector, path, None)
    chunks = list(repeats.gathered(reading.chunks(path, connector, None), found))

    assert [chunk.lines.raw for chunk in chunks] == [
        [b'{"id":2}'],
        [b'{"id":3}', b'{"id":1}', b'{"id":1,"name":"Ann"}'],
        [b'{"id":4}'],
    ]


def test_a_line_of_many_megabytes__is_counted_in_bounded_memory(tmp_path, db, monkeypatch):
    monkeypatch.setattr(line_units, "LONGEST_UNIT", 1000)
    monkeypatch.setattr(units, "LONGEST_UNIT", 1000)
    monkeypatch.setattr(line_units, "BLOCK", 500)
    path = tmp_path / "file"
    path.write_bytes(HEADER + b"\n1,Ann,Ek,\n2," + b"x" * 100_000 + b"\n3,Bo,Ek,\n")

    chunks = list(reading.chunks(path, loyalty_members.CONNECTOR, HEADER))

    [chunk] = chunks
    [(row, shown, fault)] = chunk.unreadable
    assert (row, len(shown), fault.reason) == (3, 1024, "100,002 bytes long")
    assert chunk.lines.rows.tolist() == [2, 4]


def test_a_line_of_200_megabytes__lets_the_others_in(tmp_path, db, counts):
    path = tmp_path / "file.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(HEADER + b"\n1,Ann,Ek,\n2,")
        block = b"x" * (1 << 20)
        file.writelines(block for _ in range(200))
        file.write(b"\n3,Bo,Ek,\n")

    report = pipeline.ingest("loyalty_members", path)

    assert counts(report) == (2, 0, 0, 1)
    assert faults() == [(3, "line", f"{200 * (1 << 20) + 2:,} bytes long")]


def test_the_same_bad_row_twice__waits_once(take_in, counts):
    content = HEADER + b"\nx\n1,Ann,Ek,\n"
    take_in("loyalty_members", content)

    again = take_in("loyalty_members", content, "again")

    assert counts(again) == (0, 0, 1, 1)
    assert len(faults()) == 1


def test_members__are_people_of_the_world(world):
    assert {world.alice, world.bob, world.carol} == {people.customer(n) for n in ("NV000001", "NV000002", "NV000003")}
