"""Somebody's own table, read as it stands.

In come one or more files (CSV in any common dialect, gzip, Parquet), told apart by their first bytes and
not by their names. Out goes one frame: text columns hold text with missing values as None, Parquet columns
keep their types, names are unique. Files are appended by column name. A file that cannot be read is refused
with its name and the reason; rows with a wrong number of fields are left out and counted.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_BYTES = 256 * 1024
BLOCK_BYTES = 16 * 1024 * 1024
MISSING_WORDS = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "\\n", "?", "-", "--", "."})


class UnreadableTable(Exception):
    """The table cannot be read; the message says which file and why."""


@dataclass(frozen=True)
class Table:
    """The rows of all files, and how many lines were left out for a wrong number of fields."""

    rows: pd.DataFrame
    malformed: int = 0


def read(paths: Sequence[Path | str]) -> Table:
    tables = [_read_one(Path(path)) for path in paths]
    if not tables:
        raise UnreadableTable("no file was given")
    rows = pd.concat([table.rows for table in tables], ignore_index=True) if len(tables) > 1 else tables[0].rows
    if rows.empty:
        raise UnreadableTable(f"{paths[0]}: the table holds no rows")
    return Table(rows=rows, malformed=sum(table.malformed for table in tables))


def unique_names(names: Iterable[object]) -> list[str]:
    """Trimmed column names; a name seen again gets `.2`, `.3`; a blank one is called after its place."""
    seen: set[str] = set()
    result = []
    for place, name in enumerate(names, start=1):
        base = str(name).strip() or f"column_{place}"
        unique, count = base, 1
        while unique in seen:
            count += 1
            unique = f"{base}.{count}"
        seen.add(unique)
        result.append(unique)
    return result


def _read_one(path: Path) -> Table:
    if path.is_dir():
        raise UnreadableTable(f"{path}: this is a folder, not a file")
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError:
        raise UnreadableTable(f"{path}: there is no such file") from None
    except OSError as problem:
        raise UnreadableTable(f"{path}: {problem.strerror}") from problem
    if not head:
        raise UnreadableTable(f"{path}: the file is empty")
    if head.startswith(b"PAR1"):
        return _read_parquet(path)
    if head.startswith(b"PK\x03\x04"):
        raise UnreadableTable(f"{path}: a zip or Excel file; save the table as CSV or Parquet")
    return _read_text(path, gzipped=head.startswith(b"\x1f\x8b"))


def _read_parquet(path: Path) -> Table:
    try:
        rows = pa_parquet.read_table(path).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as problem:
        raise UnreadableTable(f"{path}: not a readable Parquet file ({_first_line(problem)})") from problem
    rows.columns = unique_names(rows.columns)
    return Table(rows=rows)


def _read_text(path: Path, *, gzipped: bool) -> Table:
    sample, whole = _sample(path, gzipped=gzipped)
    encoding = _encoding(path, sample, gzipped=gzipped)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    lines = text if whole else text[: text.rfind("\n") + 1]
    delimiter = sniff_delimiter(lines)
    if delimiter not in lines and (aligned := _aligned(lines)):
        return _read_aligned(path, aligned, encoding)
    header = next(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter), [])
    names = unique_names(header)
    malformed = 0

    def leave_out(_: pa_csv.InvalidRow) -> str:
        nonlocal malformed
        malformed += 1
        return "skip"

    try:
        with pa.input_stream(path, compression="gzip" if gzipped else None) as stream:
            rows = pa_csv.read_csv(
                stream,
                read_options=pa_csv.ReadOptions(
                    column_names=names, skip_rows_after_names=1, block_size=BLOCK_BYTES, encoding=encoding
                ),
                parse_options=pa_csv.ParseOptions(
                    delimiter=delimiter, newlines_in_values=True, invalid_row_handler=leave_out
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            ).to_pandas()
    except (pa.ArrowException, OSError, zlib.error) as problem:
        raise UnreadableTable(f"{path}: not a readable table ({_first_line(problem)})") from problem
    if len(names) < 2:
        raise UnreadableTable(f"{path}: only one column was found; is it a table with a header line?")
    return Table(rows=rows, malformed=malformed)


def _aligned(lines: str) -> list[str] | None:
    """The column names of a text whose fields stand under each other, parted by spaces; None where it is not one.

    Fields are called after their place where even the first line holds nothing but numbers, or has fewer names than
    there are fields (a name may hold a space).
    """
    split = [line.split() for line in lines.splitlines()[:200] if line.strip()]
    widths = Counter(len(fields) for fields in split[1:])
    width, lines_alike = widths.most_common(1)[0] if widths else (0, 0)
    if len(split) < 3 or width < 2 or lines_alike < 0.6 * (len(split) - 1):
        return None
    named = len(split[0]) == width and not any(_is_number(field) for field in split[0])
    return unique_names(split[0]) if named else [f"column_{place}" for place in range(1, width + 1)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_aligned(path: Path, names: list[str], encoding: str) -> Table:
    with gzip.open(path, "rt", encoding=encoding) if _gzipped(path) else path.open(encoding=encoding) as file:
        rows = [line.split() for line in file]
    rows = [fields for fields in rows if fields and fields != names]
    fitting = [fields for fields in rows if len(fields) == len(names)]
    return Table(rows=pd.DataFrame(fitting, columns=names, dtype="str"), malformed=len(rows) - len(fitting))


def _gzipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def sniff_delimiter(text: str) -> str:
    """The delimiter that cuts most lines into the same number (two or more) of fields as the header."""

    def agreement(delimiter: str) -> tuple[float, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            widths = [len(row) for row, _ in zip(reader, range(200), strict=False) if row]
        except csv.Error:
            return (0.0, 0)
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (Counter(widths)[widths[0]] / len(widths), widths[0])

    return max(DELIMITERS, key=agreement)


def _sample(path: Path, *, gzipped: bool) -> tuple[bytes, bool]:
    try:
        with gzip.open(path, "rb") if gzipped else path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
            return sample, not file.read(1)
    except (OSError, EOFError, zlib.error) as problem:
        raise UnreadableTable(f"{path}: not a readable gzip file ({_first_line(problem)})") from problem


def _encoding(path: Path, sample: bytes, *, gzipped: bool) -> str:
    """UTF-16 by its mark, UTF-8 if the whole file is, else Windows Latin."""
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with gzip.open(path, "rb") if gzipped else path.open("rb") as file:
            while chunk := file.read(BLOCK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "latin-1"
    except (OSError, EOFError, zlib.error) as problem:
        raise UnreadableTable(f"{path}: damaged ({_first_line(problem)})") from problem
    return "utf-8-sig" if sample.startswith(codecs.BOM_UTF8) else "utf-8"


def _first_line(problem: BaseException) -> str:
    return (str(problem).strip() or type(problem).__name__).splitlines()[0][:200]


def missing(values: pd.Series) -> pd.Series:
    """True where a value is absent, blank or one of the usual words for absent."""
    absent = values.isna()
    if is_text(values) and not is_nested(values):
        words = pd.Series(values.unique())
        empty = words[words.notna() & words.astype("str").str.strip().str.lower().isin(MISSING_WORDS)]
        absent = absent | values.isin(list(empty))
    return absent


def is_nested(values: pd.Series) -> bool:
    """True for a Parquet column of lists or records, which has no single value a row."""
    first = values.dropna().head(1)
    return not first.empty and isinstance(first.iloc[0], list | dict | set | tuple | np.ndarray)


def is_text(values: pd.Series) -> bool:
    return bool(
        pd.api.types.is_string_dtype(values.dtype)
        or pd.api.types.is_object_dtype(values.dtype)
        or isinstance(values.dtype, pd.CategoricalDtype)
    )
