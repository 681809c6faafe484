"""`manage.py up`: the whole platform on this machine, until somebody stops it. `--check` looks it over and stops."""

import argparse
import json
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from iaros.bootstrap import environment, services
from iaros.bootstrap.checkout import Checkout
from iaros.bootstrap.console import Problem, say, step
from iaros.bootstrap.django import Django
from iaros.bootstrap.keeper import free_port
from iaros.bootstrap.locks import Lock
from iaros.bootstrap.openmp import with_openmp
from iaros.bootstrap.processes import RUN, Stopped, stop, sweep

_PREFERRED_PORT = 8000
_PATIENCE = 180.0


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Run the platform on this machine.")
    parser.add_argument("--check", action="store_true", help="verify every page and route, then stop")
    parser.add_argument("--json", action="store_true", help="with --check: print the summary as JSON")
    parser.add_argument("--size", choices=("small", "medium"), default="small", help="of the demo airline")
    parser.add_argument("--seed", type=int, help="of the demo airline")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve on (default: %(default)s)")
    parser.add_argument("--port", type=int, help=f"default: {_PREFERRED_PORT}, or the next that is free")
    return parser.parse_args(arguments)


def up(checkout: Checkout, arguments: list[str]) -> int:
    """Set up what is missing, run everything and return the exit code."""
    chosen = options(arguments)
    started = time.monotonic()
    with _the_only_one(checkout) as lock:
        token = secrets.token_hex(8)
        port = _port(chosen)
        url = f"http://{'127.0.0.1' if chosen.host == '0.0.0.0' else chosen.host}:{port}"
        lock.write(json.dumps({"pid": os.getpid(), "token": token, "url": url}))
        try:
            with services.attached(checkout) as keep:
                base = {**environment.exported(checkout), RUN: token}
                django = Django(checkout, with_openmp(checkout, base), keep)
                prepare(django)
                _load_demo(django, chosen)
                logins = _logins(django)
                with _crew(django, chosen, port) as crew:
                    _wait_until_ready(crew, url, checkout, chosen.check)
                    if chosen.check:
                        return _check(django, url, started, as_json=chosen.json)
                    _welcome(url, logins)
                    return _stay(crew)
        finally:
            sweep(token)


def prepare(django: Django) -> None:
    """Pages' files gathered and the database migrated: what every way of running needs."""
    django.gather_static()
    with step("Migrating the database"):
        django.migrate()


@contextmanager
def _the_only_one(checkout: Checkout) -> Iterator[Lock]:
    """Hold the right to run `up` here, after clearing away what a killed one left."""
    checkout.make_directories()
    lock = Lock(checkout.run / "up.lock")
    try:
        note = lock.note()
        former = json.loads(note) if note.startswith("{") else {}
        if not lock.try_take():
            raise Problem(
                f"IAROS is already running from this checkout: {former.get('url', 'it is just starting')}",
                "open that page, or stop it first with: python3 manage.py down",
            )
        if former and (left := sweep(former["token"])):
            say(f"· Ended {left} processes that an interrupted run had left behind")
        yield lock
        lock.write("")
    finally:
        lock.close()


def _port(chosen: argparse.Namespace) -> int:
    if chosen.port is not None or chosen.check:
        wanted = chosen.port or 0
        port = free_port(wanted)
        if wanted and port != wanted:
            raise Problem(f"Port {wanted} is taken.", "leave --port away to have a free one chosen.")
        return port
    for candidate in range(_PREFERRED_PORT, _PREFERRED_PORT + 100):
        if free_port(candidate) == candidate:
            if candidate != _PREFERRED_PORT:
                say(f"· Port {_PREFERRED_PORT} is taken; using {candidate}")
            return candidate
    return free_port()


def _load_demo(django: Django, chosen: argparse.Namespace) -> None:
    seed = [] if chosen.seed is None else ["--seed", str(chosen.seed)]
    with step(f"Loading the demo airline ({chosen.size})"):
        django.require("load_demo", "--size", chosen.size, *seed, failure="The demo airline could not be loaded.")


@contextmanager
def _crew(django: Django, chosen: argparse.Namespace, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Web, workers and beat; while checking, what they say goes to a log instead of the terminal."""
    say("· Starting web, workers and beat")
    log = _log(django.checkout).open("wb") if chosen.check else None
    crew = subprocess.Popen(
        [str(django.checkout.python), "-m", "iaros.bootstrap.crew", chosen.host, str(port)],
        cwd=django.checkout.root,
        env=django.environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log else None,
        start_new_session=True,
        pass_fds=tuple(django.keep),
    )
    try:
        yield crew
    finally:
        if crew.poll() is None:
            say("· Stopping")
        # Longer than the crew gives its own members.
        stop(crew, patience=60)
        if log:
            log.close()


def _wait_until_ready(crew: subprocess.Popen[bytes], url: str, checkout: Checkout, quiet: bool) -> None:
    deadline = time.monotonic() + _PATIENCE
    answer = ""
    while time.monotonic() < deadline:
        if crew.poll() is not None:
            raise Problem("The web server, a worker or beat ended at once.", _where_to_look(checkout, quiet))
        answer = _readiness(url)
        if answer == "ready":
            return
        time.sleep(0.2)
    raise Problem(f"{url}/readyz did not become ready: {answer}", _where_to_look(checkout, quiet))


def _readiness(url: str) -> str:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10):
            return "ready"
    except urllib.error.HTTPError as refusal:
        return f"{refusal.code} {refusal.read(500).decode(errors='replace')}"
    except OSError as problem:
        return str(problem)


def _where_to_look(checkout: Checkout, quiet: bool) -> str:
    if not quiet:
        return "its lines above say why."
    lines = _log(checkout).read_text(errors="replace").splitlines()[-25:]
    return f"see {_log(checkout)}, which ends:\n" + "\n".join(lines)


def _check(django: Django, url: str, started: float, *, as_json: bool) -> int:
    """Have every page and route asked for, and say how it went; 0 when all answered."""
    with step("Verifying every page and route"):
        code, output = django.output("verify_site", "--url", url, "--json")
    try:
        report = json.loads(output)
    except ValueError:
        raise Problem(f"verify_site ended with {code} and no report.", "see its lines above.") from None
    failed = report["failed"]
    ok = code == 0 and not failed
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        print(json.dumps({"ok": ok, "seconds": seconds, "checked": report["checked"], "failed": failed}))
        return 0 if ok else 1
    for each in failed:
        print(f"failed: {each if isinstance(each, str) else json.dumps(each)}")
    print(
        f"{'All well' if ok else 'NOT WELL'}: {report['checked']} pages and routes asked, {len(failed)} failed, ",
        end="",
    )
    print(f"{seconds} s in all")
    return 0 if ok else 1


def _logins(django: Django) -> dict[str, Any]:
    """A login per role and one for a partner's system; made the first time, the same ever after."""
    code, output = django.output("demo_logins", "--json")
    if code:
        raise Problem(f"The demo's logins could not be made (`demo_logins` ended with {code}).", "see its lines above.")
    logins: dict[str, Any] = json.loads(output)
    return logins


def _welcome(url: str, logins: dict[str, Any]) -> None:
    print(f"\nIAROS is running: {url}\n\n  role             user             password")
    for login in logins["logins"]:
        print(f"  {login['role']:<16} {login['username']:<16} {login['password']}")
    if client := logins.get("api_client"):
        print("  partner system:  " + "  ".join(f"{name} {value}" for name, value in client.items()))
    print("\nStop it with Ctrl-C.\n", flush=True)


def _stay(crew: subprocess.Popen[bytes]) -> int:
    """Wait for the end: 0 when somebody asked for it, else the exit code of whoever ended first."""
    try:
        code = crew.wait()
    except Stopped:
        return 0
    say("A process of the platform ended, so all were stopped; its lines above say why.")
    return code or 1


def _log(checkout: Checkout) -> Path:
    return checkout.log / "up.log"
