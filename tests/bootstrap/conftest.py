"""A checkout of its own for each test, in a path with a space, that shares this one's virtual environment."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from iaros.bootstrap import services
from iaros.bootstrap.account import outside
from iaros.bootstrap.checkout import ROOT, Checkout, digest_of

PLATFORM = Path(__file__).parent / "platform"
# What the commands of this test run are told must not reach the commands of the checkout under test.
FOREIGN = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "IAROS_VAR_DIR",
    "IAROS_KEYS_FILE",
    "IAROS_CONFIG",
    "IAROS_RUN",
    "IAROS_TEST_TEMPLATE",
)


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def checkout(bare_environment: None) -> Iterator[Checkout]:
    """Only the bootstrap and a platform of a few lines: what it runs is not what is tested here."""
    above = Path(tempfile.mkdtemp(prefix="a path with a space "))
    above.chmod(0o755)
    root = above / "iaros"
    shutil.copytree(PLATFORM, root)
    shutil.copytree(ROOT / "iaros" / "bootstrap", root / "iaros" / "bootstrap")
    for name in ("manage.py", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, root / name)
    (root / ".venv").symlink_to(Path(sys.prefix).resolve())
    # This platform has no page assets, and these are installed.
    (root / "node_modules").mkdir()
    (root / "node_modules" / ".iaros-installed").write_text(digest_of([]))
    place = Checkout(root, root / "var")
    yield place
    services.stop(place)
    shutil.rmtree(outside(place), ignore_errors=True)
    above.chmod(0o755)
    shutil.rmtree(above)


def manage(checkout: Checkout, *arguments: str, **options: str) -> subprocess.CompletedProcess[str]:
    """Run the checkout's own manage.py to its end."""
    command = [sys.executable, str(checkout.root / "manage.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **options})


def processes_of(checkout: Checkout) -> list[str]:
    """Command lines of living processes that name the checkout."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(checkout.root) in line and int(path.parent.name) != os.getpid():
            found.append(line)
    return found
