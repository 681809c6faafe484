"""Whatever Python a person starts us with, they learn what to do."""

import ast
import os
import sys
from pathlib import Path

import pytest

from iaros import bootstrap


def test_entry__parses_on_the_pythons_of_old_machines():
    for path in (Path(bootstrap.__file__), Path(bootstrap.__file__).parents[2] / "manage.py"):
        ast.parse(path.read_text(), feature_version=(3, 4))


def test_too_old__none_on_the_path__says_which_and_what_to_do(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "version_info", (3, 6, 9))
    monkeypatch.setenv("PATH", str(tmp_path))

    code = bootstrap.main(["up"])

    assert code == 1
    told = capsys.readouterr().err
    assert "this is Python 3.6" in told
    assert "apt-get install" in told


def test_too_old__a_fitting_one_on_the_path__hands_over_with_the_arguments(monkeypatch, tmp_path):
    for name in ("python3.11", "python3.12", "python3.14"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    handed: list[list[str]] = []
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "execv", lambda program, arguments: handed.append(arguments))

    with pytest.MonkeyPatch.context():
        bootstrap.main(["up", "--check"])

    assert handed[0][0] == str(tmp_path / "python3.12")
    assert handed[0][2:] == ["up", "--check"]
