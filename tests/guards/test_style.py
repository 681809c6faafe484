"""The linter, the formatter and the type checker hold for the whole repository."""

from tests.guards.house import tool


def test_linter__finds_nothing() -> None:
    checked = tool("ruff", "check", "--output-format", "concise", ".")

    assert checked.returncode == 0, f"Run `.venv/bin/ruff check --fix .` and mend the rest.\n{checked.stdout}"


def test_formatter__would_change_nothing() -> None:
    checked = tool("ruff", "format", "--check", "--output-format", "concise", ".")

    assert checked.returncode == 0, f"Run `.venv/bin/ruff format .` and commit.\n{checked.stdout}{checked.stderr}"


def test_type_checker__finds_nothing() -> None:
    checked = tool("mypy", SECRET_KEY="for the type checker, which opens nothing")

    assert checked.returncode == 0, f"Run `.venv/bin/mypy` and say the types.\n{checked.stdout}{checked.stderr}"
