"""`manage.py test`: pytest on servers of its own, on databases that are copies of one migrated once.

Migrating from nothing takes longer than most tests that one asks for. So the first run keeps its cluster as the
migrations left it, in `var/migrated`, and every later run starts from a copy, until a migration changes.
"""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from iaros.bootstrap import environment, services
from iaros.bootstrap.account import outside
from iaros.bootstrap.checkout import Checkout, digest_of
from iaros.bootstrap.console import say, step
from iaros.bootstrap.django import Django
from iaros.bootstrap.locks import Lock, exclusively, is_held
from iaros.bootstrap.openmp import with_openmp
from iaros.bootstrap.processes import RUN, run, sweep

_SERVERS_OF_THE_PERSON = ("DATABASE_URL", "REDIS_URL", "IAROS_KEYS_FILE")
_PASSWORDS = ("IAROS_POSTGRES_PASSWORD", "IAROS_POSTGRES_ADMIN_PASSWORD")


def test(checkout: Checkout, rest: list[str]) -> int:
    """Run pytest on servers of its own, which are gone afterwards; pytest's exit code is ours."""
    for variable in _SERVERS_OF_THE_PERSON:
        if os.environ.pop(variable, None):
            say(f"· {variable} is not used: tests run on servers and keys of their own")
    remove_abandoned(checkout)
    scratch = Checkout(checkout.root, checkout.var / f"test-{os.getpid()}")
    alive = Lock(scratch.run / "alive.lock")
    alive.take()
    try:
        static = checkout.var / "static"
        static.mkdir(parents=True, exist_ok=True)
        (scratch.var / "static").symlink_to(static)
        _migrated(checkout, scratch)
        with services.attached(scratch, scratch=True) as keep:
            django = _django(scratch, keep)
            django.gather_static()
            command: list[str | Path] = [checkout.python, "-m", "pytest", *_side_by_side(rest), *rest]
            return run(command, environment=django.environment, keep=keep, cwd=checkout.root)
    finally:
        sweep(scratch.var.name)
        _remove(scratch)
        alive.close()


def _side_by_side(rest: list[str]) -> list[str]:
    """The whole suite runs a process a core; a few tests asked for by name are quicker in one."""
    return [] if rest else ["-n", str(min(os.cpu_count() or 1, 8))]


def _django(scratch: Checkout, keep: list[int]) -> Django:
    told = {**environment.exported(scratch), RUN: scratch.var.name, "IAROS_TEST_TEMPLATE": "iaros"}
    return Django(scratch, with_openmp(scratch, told), keep)


def _migrated(checkout: Checkout, scratch: Checkout) -> None:
    """Lay a migrated cluster where the run's servers look for theirs; the first time, make it."""
    kept, wanted = Checkout(checkout.root, checkout.var / "migrated"), _digest(checkout)
    with exclusively(checkout.run / "migrated.lock", "another test run is migrating"):
        if _stamp(kept) == wanted and (kept.var / "postgres").is_dir():
            known = environment.read(kept)
            environment.update(scratch, **{name: known[name] for name in _PASSWORDS})
            _copy(kept.var / "postgres", scratch.var / "postgres")
            return
        with services.attached(scratch, scratch=True) as keep, step("Migrating the tests' database"):
            _django(scratch, keep).migrate()
        known = environment.read(scratch)
        if known["IAROS_SERVICES_HOME"] != str(scratch.var):
            return  # the servers' account cannot enter the checkout, so nothing of its is kept here
        shutil.rmtree(kept.var, ignore_errors=True)
        kept.var.mkdir(mode=0o700)
        environment.update(kept, **{name: known[name] for name in _PASSWORDS})
        _copy(scratch.var / "postgres", kept.var / "postgres")
        (kept.var / "digest").write_text(wanted)


def _digest(checkout: Checkout) -> str:
    """Of all that decides what a migrated cluster looks like."""
    root = checkout.root
    apps = [*root.glob("*/migrations/*.py"), *root.glob("iaros/*/migrations/*.py")]
    own = [*root.glob("iaros/bootstrap/postgres.py"), *root.glob("iaros/lib/partitions.py")]
    statements = [path for app in root.glob("*/apps.py") for path in app.parent.rglob("*.sql")]
    return digest_of([root / "requirements.txt", *sorted({*apps, *own, *statements})])


def _stamp(kept: Checkout) -> str:
    with suppress(OSError):
        return (kept.var / "digest").read_text()
    return ""


def _copy(source: Path, target: Path) -> None:
    """With its owner, which is the servers' account."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def remove_abandoned(checkout: Checkout) -> None:
    """Clear away what killed test runs left: processes first, then their directories."""
    for directory in checkout.var.glob("test-*"):
        if not is_held(directory / "run" / "alive.lock"):
            sweep(directory.name)
            _remove(Checkout(checkout.root, directory))


def _remove(scratch: Checkout) -> None:
    shutil.rmtree(scratch.var, ignore_errors=True)
    shutil.rmtree(outside(scratch) / scratch.var.name, ignore_errors=True)
