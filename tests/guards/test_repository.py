"""What is committed is ours, small, and says nothing about the machine on which it was written."""

from __future__ import annotations

import re
from pathlib import Path

from tests.guards.house import ROOT, files, named, told

# Gathered from packages when the platform is set up; never committed.
_OF_OTHERS = re.compile(r"(?:^|/)(?:node_modules|vendor|third_party)/|\.min\.(?:js|css)$|\.(?:woff2?|ttf|otf|map)$")
_BUILT = re.compile(r"\.(?:whl|so|dll|dylib|pyc|egg|jar|db|sqlite3?|parquet|pkl|joblib|onnx|npz|zip|gz|tgz)$")
_BANNER = re.compile(r"/\*!|@license|Permission is hereby granted|Apache License, Version|GNU General Public")
_MACHINE = re.compile(r"(?<![\w.~{}<>)\]/-])/(?:work|root|tmp|home)/\w|file:///|[A-Z]:\\Users", re.I)
_FIGURE = (".png", ".svg", ".jpg")
LARGEST = 400_000
OURS_AT_THE_TOP = {
    *("manage.py", "iaros", "profiles", "segmentation", "recommendations", "privacy", "analytics"),
    *("templates", "static", "tests", "docs", "deploy", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"),
    *("pyproject.toml", "package.json", "package-lock.json", ".npmrc", ".gitignore", ".importlinter", ".ci"),
}


def test_repository__holds_nothing_of_others() -> None:
    faults = [named(path) for path in files() if _OF_OTHERS.search(named(path)) or _BUILT.search(named(path))]
    faults += [
        f"{named(path)}: a licence of others"
        for path in files()
        if path.suffix in (".js", ".css", ".py", ".html") and path != Path(__file__) and _BANNER.search(_text(path))
    ]

    assert not faults, told(
        faults, "Name the package in pyproject.toml or package.json instead of committing its files:"
    )


def test_repository__holds_no_large_file() -> None:
    faults = [f"{named(path)}: {path.stat().st_size:,} bytes" for path in files() if path.stat().st_size > LARGEST]

    assert not faults, told(
        faults, f"Nothing over {LARGEST:,} bytes is committed; generate it, or make the picture smaller:"
    )


def test_repository__names_no_place_of_one_machine() -> None:
    faults = [
        f"{named(path)}:{number} {line.strip()[:80]}"
        for path in files()
        if path.suffix not in _FIGURE and not named(path).startswith("tests/")
        for number, line in enumerate(_text(path).splitlines(), 1)
        if _MACHINE.search(line)
    ]

    assert not faults, told(faults, "Start from settings.BASE_DIR or settings.VAR_DIR, or ask for the path:")


def test_locks__name_no_registry_and_pin_by_hash() -> None:
    locks = [*ROOT.glob("requirements*.txt"), ROOT / "package-lock.json"]
    faults = [
        f"{named(path)}:{number} {line.strip()[:80]}"
        for path in locks
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"--(?:extra-)?index-url|--find-links|\"resolved\":|@ https?:|git\+", line)
    ]
    faults += [f"{named(path)}: no hashes" for path in locks if not re.search(r"--hash=|\"integrity\"", _text(path))]

    assert not faults, told(faults, "Write the lock again as CONTRIBUTING.md says:")


def test_repository__has_these_rooms_and_no_others() -> None:
    tops = {named(path).split("/")[0] for path in files()}
    faults = sorted(top for top in tops - OURS_AT_THE_TOP if not re.fullmatch(r"requirements(-[a-z]+)?\.txt", top))

    assert not faults, told(faults, "The top of the repository is fixed; put it into one of the rooms:")


def test_repository__leaves_nothing_half_done() -> None:
    marks = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    faults = [
        f"{named(path)}:{number} {line.strip()[:80]}"
        for path in files()
        if path.suffix in (".py", ".sql", ".html", ".js", ".css") and path != Path(__file__)
        for number, line in enumerate(_text(path).splitlines(), 1)
        if marks.search(line)
    ]

    assert not faults, told(faults, "Do it now, or leave it out:")


def _text(path: Path) -> str:
    return path.read_text(errors="replace")
