"""The command line: our own commands, and every Django command in the environment and with the servers it needs."""

import errno
import json
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from iaros.bootstrap import environment, packages, page_assets, services
from iaros.bootstrap.account import outside
from iaros.bootstrap.checkout import Checkout, here
from iaros.bootstrap.console import Problem, explain, say, step
from iaros.bootstrap.django import Django
from iaros.bootstrap.locks import is_held
from iaros.bootstrap.openmp import with_openmp
from iaros.bootstrap.processes import (
    CALLED_BY,
    Stopped,
    leaving_ctrl_c_to_the_child,
    stopping_on_signals,
    sweep,
    wait_until,
)
from iaros.bootstrap.testing import test
from iaros.bootstrap.up import prepare, up

_USAGE = """Usage: python3 manage.py COMMAND

  up [--check] [--size small|medium] [--seed N] [--port N]   run the platform with the demo airline
  test [PYTEST ARGUMENTS]                                    run the tests on servers of their own
  setup                                                      everything that `up` does before it runs
  down [--purge]                                             stop what runs; --purge removes the data as well
  doctor [--json]                                            services, migrations, queues, disk, keys

Any other command is Django's or ours (`help` lists them); it runs with Postgres and Valkey for its own time."""

# These need no servers, and these want the database as it is.
_WITHOUT_SERVERS = frozenset({"help", "version", "--help", "-h", "--version", "makemessages", "compilemessages"})
_WITHOUT_MIGRATING = frozenset(
    (
        *("check", "dbshell", "diffsettings", "doctor", "flush", "inspectdb", "makemigrations", "migrate"),
        *("optimizemigration", "showmigrations", "sqlflush", "sqlmigrate", "squashmigrations"),
    )
)


def carry_out(arguments: list[str]) -> int:
    """Carry out one command line and return its exit code."""
    if os.environ.pop(CALLED_BY, "") == str(os.getppid()):
        return _inside_django(arguments)
    checkout = here()
    try:
        with stopping_on_signals():
            return _dispatch(checkout, arguments)
    except Problem as problem:
        explain(problem)
    except OSError as error:
        explain(_explained(error, checkout))
    except Stopped as stopped:
        say("\nStopped.")
        return 128 + stopped.number
    return 1


def _dispatch(checkout: Checkout, arguments: list[str]) -> int:
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if not name:
        print(_USAGE)
        return 0
    if name == "down":
        return down(checkout, purge="--purge" in rest)
    _enter(checkout, arguments, packages.REQUIREMENTS_DEV if name == "test" else packages.REQUIREMENTS)
    match name:
        case "up":
            page_assets.install(checkout)
            return up(checkout, rest)
        case "test":
            page_assets.install(checkout)
            return test(checkout, rest)
        case "setup":
            page_assets.install(checkout)
            return setup(checkout)
    return django_command(checkout, name, rest)


def _enter(checkout: Checkout, arguments: list[str], requirements: str) -> None:
    """Go on inside `.venv`, made and filled first where it has to be."""
    changed = packages.install(checkout, requirements)
    if changed or not packages.is_inside(checkout):
        command = [str(checkout.python), str(checkout.root / "manage.py"), *arguments]
        os.execv(command[0], command)


def setup(checkout: Checkout) -> int:
    """Everything up to the point where the platform could be started."""
    with services.attached(checkout) as keep:
        prepare(_django(checkout, keep))
    say("IAROS is set up. Run it with: python3 manage.py up")
    return 0


def django_command(checkout: Checkout, name: str, rest: list[str]) -> int:
    """Run a Django command with the servers for its own time; its exit code is ours."""
    if name in _WITHOUT_SERVERS:
        environment.prepare(checkout)
        return _django(checkout, []).run(name, *rest)
    try:
        return _with_servers(checkout, name, rest)
    except Problem as problem:
        if name != "doctor":
            raise
        # Servers that do not start are for the doctor to report, beside all the rest.
        return _django(checkout, [], {"IAROS_SERVICES_PROBLEM": problem.what}).run(name, *rest)


def _with_servers(checkout: Checkout, name: str, rest: list[str]) -> int:
    with services.attached(checkout) as keep:
        django = _django(checkout, keep)
        if name not in _WITHOUT_MIGRATING and not django.is_migrated():
            with step("Migrating the database"):
                django.migrate()
        with leaving_ctrl_c_to_the_child():
            return django.run(name, *rest)


def down(checkout: Checkout, *, purge: bool) -> int:
    """Stop `up` and the servers, whoever uses them; a purge also removes the data, but never the keys."""
    stopped = _stop_up(checkout)
    stopped = services.stop(checkout) or stopped
    say("Stopped." if stopped else "Nothing was running.")
    if purge:
        home = Path(environment.read(checkout).get("IAROS_SERVICES_HOME", checkout.var))
        for name in ("postgres", "postgres.new", "valkey"):
            shutil.rmtree(home / name, ignore_errors=True)
        (home / "postgres.migrated").unlink(missing_ok=True)
        shutil.rmtree(outside(checkout), ignore_errors=True)
        with suppress(OSError):  # other checkouts may have theirs beside ours
            outside(checkout).parent.rmdir()
        say(f"Removed the data in {home}. Kept: {checkout.var / 'keys.json'} and {checkout.var / 'env'}.")
    return 0


def _stop_up(checkout: Checkout) -> bool:
    """Stop `up`, or what a killed one has left; returns whether there was anything."""
    path = checkout.run / "up.lock"
    note = path.read_text() if path.exists() else ""
    if not note.startswith("{"):
        return False
    former = json.loads(note)
    was_running = is_held(path)
    if was_running:
        os.kill(former["pid"], signal.SIGTERM)
        if not wait_until(lambda: not is_held(path), 120):
            raise Problem(
                f"IAROS (process {former['pid']}) does not stop.", "see its terminal, or end it with kill -9."
            )
    return sweep(former["token"]) > 0 or was_running


def _django(checkout: Checkout, keep: list[int], extra: dict[str, str] | None = None) -> Django:
    return Django(checkout, with_openmp(checkout, {**environment.exported(checkout), **(extra or {})}), keep)


def _inside_django(arguments: list[str]) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *arguments])
    return 0


def _explained(error: OSError, checkout: Checkout) -> Problem:
    if error.errno == errno.ENOSPC:
        return Problem(f"The disk is full: {error.filename or checkout.var}", "free some room and run it again.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return Problem(
            f"No permission: {error.filename}",
            f"{checkout.root} was set up by another user; run the command as that user, or clone it anew.",
        )
    if isinstance(error, BrokenPipeError):
        return Problem("Whoever read our output went away.")
    return Problem(f"{error.strerror}: {error.filename}", "see the file named.")
