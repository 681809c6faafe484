"""Somebody's table is read as it stands, whatever wrote it."""

import gzip

import numpy as np
import pandas as pd
import pytest

from segmentation.ml import columns, tables
from segmentation.ml.columns import TableEncoder

ROWS = "Ort;Umsatz;Kauf\nÅrhus;1,5;ja\nKøln;2,5;nein\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_read__any_encoding__same_rows(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(ROWS.encode(encoding))

    table = tables.read([path])

    assert list(table.rows.columns) == ["Ort", "Umsatz", "Kauf"]
    assert list(table.rows["Ort"]) == ["Århus", "Køln"]


def test_read__gzip_without_the_name__told_by_its_first_bytes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(gzip.compress(ROWS.encode()))

    assert len(tables.read([path, path]).rows) == 4


def test_read__lines_of_another_width__left_out_and_counted(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n1,2,3\n4\n5,6\n")

    table = tables.read([path])

    assert (len(table.rows), table.malformed) == (2, 2)


def test_read__names_twice__told_apart(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,a,,a\n1,2,3,4\n")

    assert list(tables.read([path]).rows.columns) == ["a", "a.2", "column_3", "a.3"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"a,b\n", "no rows"),
        (b"\x1f\x8bnonsense", "gzip"),
        (b"PAR1nonsense", "Parquet"),
        (b"PK\x03\x04", "Excel"),
    ],
)
def test_read__not_a_table__refused_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "t.csv"
    path.write_bytes(content)

    with pytest.raises(tables.UnreadableTable, match=reason):
        tables.read([path])


def test_read__no_such_file__refused(tmp_path):
    with pytest.raises(tables.UnreadableTable, match="no such file"):
        tables.read([tmp_path / "t.csv"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["1.234,50", "7,25", ""], [1234.5, 7.25, np.nan]),
        (["$ 1,234.50", "$ 12,000", "NA"], [1234.5, 12000, np.nan]),
        (["1 234 €", "5 €", "?"], [1234, 5, np.nan]),
        (["12.5%", "7%", "null"], [12.5, 7, np.nan]),
        (["5,125", "-0,250"], [5.125, -0.25]),
        (["5,125", "250"], [5125, 250]),
    ],
)
def test_numbers__as_people_write_them(written, meant):
    np.testing.assert_allclose(columns.as_numbers(pd.Series(written, dtype="str")), meant)


def test_dates__day_above_twelve__day_comes_first():
    values = pd.Series(["05/03/2024", "31/03/2024"], dtype="str", name="when")

    column = columns.describe(values)
    times = columns.as_times(values, day_first=column.day_first)

    assert column.kind == "date"
    assert list(times.dt.month) == [3, 3]


def test_encoder__columns_that_cannot_help__left_out_with_the_reason():
    rows = pd.DataFrame(
        {
            "customer_id": [str(n) for n in range(300)],
            "always": ["x"] * 300,
            "free text": [f"remark {n}" for n in range(300)],
            "cabin": ["Y", "C", " "] * 100,
        }
    )

    encoder = TableEncoder().fit(rows)

    assert encoder.features_ == ["cabin"]
    assert encoder.ignored_ == {
        "customer_id": "identifier",
        "always": "constant",
        "free text": "nearly every value differs",
    }


def test_encoder__word_not_seen_when_learning__is_other_and_blank_is_missing():
    encoder = TableEncoder().fit(pd.DataFrame({"cabin": ["Y", "C"] * 100}))

    matrix = encoder.transform(pd.DataFrame({"cabin": ["Y", "F", ""]}))

    assert list(matrix[1:, 0]) == [columns.OTHER, columns.MISSING]
    assert matrix[0, 0] > columns.OTHER
