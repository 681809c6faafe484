"""Whatever is sent, one file after the other in one process: it says so, good records go in, and memory stays small."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from profiles.models import SourceRecord
from tests.profiles import children

MOST = 64 << 20  # beyond what the process holds once everything is loaded
HEADER = b"Loyalty Number,Given Name,Surname,Address\n"
GOOD = b"%d,Ann,Ek,\n"
_CHILD = """
import json, sys
from pathlib import Path
import scipy.sparse.csgraph  # what the first batch loads
from iaros.lib.memory import peak_bytes
from profiles import pipeline

told, before = {}, peak_bytes()
for given in sys.argv[1:]:
    source, _, path = given.partition("=")
    try:
        counts = pipeline.ingest(source, Path(path)).counts
        assert counts.read == counts.new + counts.updated + counts.unchanged + counts.quarantined
        told[Path(path).name] = [counts.new, counts.quarantined]
    except pipeline.FileRefused as error:
        told[Path(path).name] = str(error)
print(json.dumps({"told": told, "memory": peak_bytes() - before}))
"""
EDIFACT = (
    "UNB+IATA:1+NV+GOV+261212:1011+77'UNH+1+PNRGOV:13:1:IA+R1'MSG+:22'ORG+NV:CPH'"
    "TVL+121226:1305:121226:1410+CPH+LHR+NV+504'EQN+1'SRC'RCI+NV:7KQX2M::020726:1011'TIF+SOLHEIM+INGRIDMS:A:1'"
    "TVL+121226:1305:121226:1410+CPH+LHR+NV+504:Y'RPI+1+HK'UNT+11+1'"
)


def _zeros(path: Path, megabytes: int) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(HEADER + GOOD % 51)
        file.writelines(bytes(1 << 20) for _ in range(megabytes))


def _hostile(folder: Path) -> dict[str, tuple[str, bytes]]:
    """File name -> source and content; those that are large are written by others."""
    many = ",".join(f"c{n}" for n in range(1_000_000)).encode()
    cut = gzip.compress(HEADER + b"".join(GOOD % n for n in range(100, 3000)))
    return {
        "columns.csv": ("loyalty_members", HEADER[:-1] + b"," + many + b"\n1,Ann,Ek,\n"),
        "columns-of-a-row.csv": ("loyalty_members", HEADER + b"2,Ann,Ek,," + b"," * 900_000 + b"\n" + GOOD % 3),
        "cut.csv.gz": ("loyalty_members", cut[: len(cut) // 2]),
        "nul.csv": ("loyalty_members", HEADER + b"4,A\0nn,Ek,\n" + GOOD % 5),
        "bom.csv": ("loyalty_members", b"\xef\xbb\xbf" + HEADER + GOOD % 6),
        "latin.csv": ("loyalty_members", HEADER + "7,Åse,Øst,\n".encode("latin-1") + GOOD % 8),
        "quote.csv": ("loyalty_members", HEADER + b'9,Ann,Ek,"open\n' + GOOD % 10),
        "quote-all-along.csv": ("loyalty_members", HEADER + GOOD % 11 + b'12,Ann,Ek,"' + b"open\n" * 40_000),
        "no-unz.edi": ("auto", EDIFACT.encode()),
        "open.json": ("zendesk_users", b'{"users":[{"id":1,"name":"' + b"x" * (40 << 20)),
        "brackets.json": ("auto", b"[" * 300_000),
        "nothing.csv": ("auto", b""),
        "image.png": ("auto", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20_000),
    }


@pytest.mark.django_db(transaction=True)
def test_hostile_files__one_after_the_other__within_64_megabytes(tmp_path):
    files = _hostile(tmp_path)
    given = []
    for name, (source, content) in files.items():
        (tmp_path / name).write_bytes(content)
        given.append(f"{source}={tmp_path / name}")
    _zeros(tmp_path / "bomb.csv.gz", 600)
    with (
        zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w") as file,
    ):
        for _ in range(400):
            file.write(bytes(1 << 20))
    given += [f"loyalty_members={tmp_path / 'bomb.csv.gz'}", f"auto={tmp_path / 'bomb.zip'}"]

    done = children.run(_CHILD, *given)

    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    told = report["told"]
    assert "columns; at most" in told["columns.csv"]
    assert told["columns-of-a-row.csv"] == [1, 1]
    assert told["cut.csv.gz"][0] > 1000
    assert told["cut.csv.gz"][1] == 1
    assert [told[name] for name in ("nul.csv", "latin.csv", "quote.csv")] == [[1, 1]] * 3
    assert told["bom.csv"] == [1, 0]
    assert told["quote-all-along.csv"][0] == 1
    assert told["no-unz.edi"] == [1, 1]
    assert told["open.json"] == told["image.png"] == told["bomb.zip"] == [0, 1]
    assert told["bomb.csv.gz"] == [1, 1]
    assert told["nothing.csv"] == [0, 0]
    assert SourceRecord.objects.count() > 1000
    assert report["memory"] < MOST
