"""Postgres and Valkey for as long as a command needs them, shared with every other command of the checkout."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from iaros.bootstrap import environment
from iaros.bootstrap.checkout import ROOT, Checkout
from iaros.bootstrap.console import Problem, say
from iaros.bootstrap.keeper import KEEPER, USERS
from iaros.bootstrap.locks import Lock, exclusively, is_held
from iaros.bootstrap.processes import is_alive, wait_until

_PATIENCE = 120.0


@contextmanager
def attached(checkout: Checkout, *, scratch: bool = False) -> Iterator[list[int]]:
    """Hold the servers; yields the descriptors that a child has to inherit to hold them as well.

    Servers that run are used, others are started; the last to leave has them stopped and waits for it. A server that
    the person names in DATABASE_URL or REDIS_URL is theirs: none of ours is started in its place.
    """
    environment.prepare(checkout)
    wanted = [name for name, own in _ours(scratch=scratch).items() if own]
    if not wanted:
        yield []
        return
    with exclusively(checkout.run / "change.lock", "another command is starting the servers"):
        users = Lock(checkout.run / USERS)
        users.take(shared=True)
        keeper = None
        _let_a_dead_keeper_go(checkout)
        if is_held(checkout.run / KEEPER):
            _require(running(checkout), wanted)
        else:
            keeper = _start_keeper(checkout, wanted, scratch=scratch)
    try:
        yield [users.descriptor]
    finally:
        pid = running(checkout).get("keeper", 0)
        users.close()
        _see_out(checkout, pid, keeper)


def _let_a_dead_keeper_go(checkout: Checkout) -> None:
    """A keeper that was killed leaves its lock to its servers, until they notice that it is gone and end."""
    pids = running(checkout)
    if pids and not is_alive(pids["keeper"]):
        wait_until(lambda: not is_held(checkout.run / KEEPER), 15)


def running(checkout: Checkout) -> dict[str, int]:
    """Process ids of the keeper and its servers, or nothing while they are stopped."""
    path = checkout.run / KEEPER
    if not is_held(path):
        return {}
    with suppress(ValueError):
        pids: dict[str, int] = json.loads(path.read_text())
        return pids
    return {}


def stop(checkout: Checkout) -> bool:
    """Stop the servers though somebody may use them; returns whether there were any."""
    with exclusively(checkout.run / "change.lock", "another command is starting the servers"):
        pids = running(checkout)
        if not pids:
            return False
        with suppress(ProcessLookupError):
            os.kill(pids["keeper"], signal.SIGTERM)
        if not wait_until(lambda: not is_held(checkout.run / KEEPER), _PATIENCE):
            raise Problem(f"The servers do not stop (keeper: process {pids['keeper']}).", "see var/log/keeper.log.")
    return True


def _require(pids: dict[str, int], wanted: list[str]) -> None:
    missing = [name.capitalize() for name in wanted if name not in pids]
    if missing:
        raise Problem(
            f"The running servers are without {' and '.join(missing)}: a command with its own DATABASE_URL or "
            "REDIS_URL started them.",
            "wait for that command to end, or set the same variable here.",
        )


def _ours(*, scratch: bool) -> dict[str, bool]:
    """Which servers we provide; a test run never touches what the person's variables name."""
    return {
        "postgres": scratch or not os.environ.get("DATABASE_URL"),
        "valkey": scratch or not os.environ.get("REDIS_URL"),
    }


def _start_keeper(checkout: Checkout, wanted: list[str], *, scratch: bool) -> subprocess.Popen[bytes]:
    first = not (checkout.var / "postgres").exists() and not scratch
    say(f"· Starting {' and '.join(name.capitalize() for name in wanted)}{' for the first time' if first else ''}")
    arguments = [str(checkout.root), str(checkout.var), *wanted, *(["scratch"] if scratch else [])]
    reader, writer = os.pipe()
    with (checkout.log / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "iaros.bootstrap.keeper", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=log,
            start_new_session=True,
        )
    os.close(writer)
    with os.fdopen(reader) as answer:
        line = answer.readline()
    reply = json.loads(line) if line else {"problem": "The keeper of the servers ended.", "remedy": f"see {log.name}"}
    if "problem" in reply:
        keeper.wait()
        raise Problem(reply["problem"], reply["remedy"])
    return keeper


def _see_out(checkout: Checkout, pid: int, child: subprocess.Popen[bytes] | None) -> None:
    """Wait until the keeper has stopped the servers and itself, unless somebody else still uses them."""
    deadline = time.monotonic() + _PATIENCE
    while is_held(checkout.run / KEEPER) and time.monotonic() < deadline:
        if _others_use_them(checkout.run / USERS):
            break
        time.sleep(0.05)
    else:
        wait_until(lambda: not (child and child.poll() is None) and not (pid and is_alive(pid)), 10)
    if child and child.poll() is None:
        # It outlives us for the sake of the others, and is then nobody's to collect.
        child.returncode = 0


def _others_use_them(path: Path) -> bool:
    users = Lock(path)
    try:
        # Not ours alone, yet to be shared: other users. Not even to be shared: the keeper has it and is stopping.
        return not users.try_take() and users.try_take(shared=True)
    finally:
        users.close()
