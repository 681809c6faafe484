"""What the guards walk over: the files of the repository, the apps of ours, and the tools beside this Python."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import Model

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("iaros", "privacy", "profiles", "segmentation", "recommendations", "analytics")
_NOT_OURS = {".git", ".venv", "var", "node_modules", "__pycache__"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository, committed or about to be; what git ignores is left out."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True)
    if listed.returncode == 0:
        found = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    else:  # an unpacked archive has no git
        found = [path for path in ROOT.rglob("*") if not _NOT_OURS & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in found if path.is_file()))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def sources(*, tests: bool = False) -> list[Path]:
    """The Python files of the platform, migrations included."""
    tops = (*PACKAGES, "tests") if tests else PACKAGES
    return [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in tops]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def imports(path: Path, *, when_loaded: bool = False) -> Iterator[tuple[int, str]]:
    """(line, module) of every import of a file, or of those alone that loading it carries out."""
    for node in tree(path).body if when_loaded else ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def models() -> list[type[Model]]:
    """The concrete models of our apps."""
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES]


def tool(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a development tool of this environment in the repository."""
    program = Path(sys.executable).parent / name
    command = [str(program), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **environment})


def django(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a Django command in a process of its own."""
    command = [sys.executable, "-m", "django", *arguments]
    own = {"DJANGO_SETTINGS_MODULE": "iaros.settings", "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **own})


def told(faults: list[str], what_to_do: str) -> str:
    """The message of a guard: what to do, then where."""
    return "\n".join([what_to_do, *(f"  {fault}" for fault in faults)])
