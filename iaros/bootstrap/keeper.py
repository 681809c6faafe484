"""The parent of Postgres and Valkey: it lives exactly as long as somebody uses them.

Every command that uses the servers holds `users.lock` shared, and so does its child; the kernel gives the lock back
however they die. The keeper waits for it exclusively: when it gets it, nobody is left, and it stops what it started.
No count is kept that a kill could falsify. Should the keeper itself be killed, the kernel ends both servers.

Run as `python -m iaros.bootstrap.keeper ROOT VAR [postgres] [valkey] [scratch]`; writes one JSON line when they serve.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from iaros.bootstrap import environment
from iaros.bootstrap.account import service_account, service_home
from iaros.bootstrap.checkout import Checkout
from iaros.bootstrap.console import Problem
from iaros.bootstrap.locks import Lock
from iaros.bootstrap.postgres import cluster_of
from iaros.bootstrap.processes import stop, wait_until
from iaros.bootstrap.valkey import cache_of

USERS = "users.lock"
KEEPER = "keeper.lock"
_RESTARTS = 5


class _AskedToStop(Exception):
    """Somebody (`manage.py down`) wants the servers stopped though they are in use."""


@dataclass
class Keeper:
    """The servers of one installation and how to start each again."""

    checkout: Checkout
    scratch: bool
    starters: dict[str, Callable[[], subprocess.Popen[bytes]]] = field(default_factory=dict)
    servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def prepare(self, wanted: list[str]) -> None:
        """Find programs and places, make what is missing, and note in `var/env` where it all is."""
        known = environment.read(self.checkout)
        former = Path(known.get("IAROS_SERVICES_HOME", self.checkout.var))
        account = service_account(former / "postgres")
        home = service_home(self.checkout, account, former)
        environment.update(self.checkout, IAROS_SERVICES_HOME=str(home))
        if "postgres" in wanted:
            cluster = cluster_of(self.checkout, home, account, scratch=self.scratch)
            if not cluster.is_initialised():
                admin, password = known["IAROS_POSTGRES_ADMIN_PASSWORD"], known["IAROS_POSTGRES_PASSWORD"]
                cluster.initialise(admin_password=admin, password=password)
            self.starters["postgres"] = lambda: cluster.start(self._port("postgres"))
        if "valkey" in wanted:
            cache = cache_of(self.checkout, home, account)
            secret = known["IAROS_VALKEY_PASSWORD"]
            self.starters["valkey"] = lambda: cache.start(self._port("valkey"), secret)

    def start(self) -> None:
        for name, starter in self.starters.items():
            if name in self.servers and self.servers[name].poll() is None:
                continue
            try:
                self.servers[name] = starter()
            except Problem:
                # Somebody took the port in between, or a killed server's children still held its memory.
                time.sleep(1)
                self.servers[name] = starter()

    def stop(self) -> None:
        """Valkey first, whose clients then see a closed door; Postgres by its fast shutdown."""
        for name, number in (("valkey", signal.SIGTERM), ("postgres", signal.SIGINT)):
            if name in self.servers:
                stop(self.servers[name], number=number, patience=60)

    def has_lost_one(self) -> bool:
        return any(server.poll() is not None for server in self.servers.values())

    def _port(self, name: str) -> int:
        """The port of the last time if it is free, else one that is, noted for whoever attaches."""
        variable = f"IAROS_{name.upper()}_PORT"
        port = free_port(int(environment.read(self.checkout).get(variable, "0")))
        environment.update(self.checkout, **{variable: str(port)})
        return port


def free_port(preferred: int = 0) -> int:
    """`preferred` if nobody listens there, else a port the kernel chooses."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise Problem("No port of this machine is free.", "end some programs that listen on 127.0.0.1.")


def keep(checkout: Checkout, wanted: list[str], *, scratch: bool) -> int:
    """Start the servers, tell the caller, and stop them when their last user has gone."""
    lock, users = Lock(checkout.run / KEEPER), Lock(checkout.run / USERS)
    if not wait_until(lock.try_take, 5):
        return _answer({"problem": "Another keeper runs already.", "remedy": "run the same command again."})
    keeper = Keeper(checkout, scratch)
    _listen()
    try:
        keeper.prepare(wanted)
        keeper.start()
        lock.write(json.dumps({"keeper": os.getpid(), **{k: s.pid for k, s in keeper.servers.items()}}))
        _answer({"ready": True})
        _wait_for_the_last_user(keeper, users)
    except Problem as problem:
        return _answer({"problem": problem.what, "remedy": problem.remedy})
    except _AskedToStop:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        keeper.stop()
        # In this order: whoever waits for `users` must then find that no keeper is left.
        lock.close()
        users.close()
    return 0


def _wait_for_the_last_user(keeper: Keeper, users: Lock) -> None:
    gone = threading.Event()

    def wait() -> None:
        users.take()
        gone.set()

    threading.Thread(target=wait, daemon=True).start()
    restarts = 0
    while not gone.wait(1):
        if keeper.has_lost_one():
            restarts += 1
            if restarts > _RESTARTS:
                raise Problem("A server ended again and again.", "see the logs in var/log.")
            # It was killed under its users: it comes back, on the same port.
            keeper.start()


def _listen() -> None:
    def asked(_: int, __: FrameType | None) -> None:
        raise _AskedToStop

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _answer(reply: dict[str, object]) -> int:
    """One line to whoever started us, who may be gone by now; from then on stdout is the log."""
    try:
        os.write(1, (json.dumps(reply) + "\n").encode())
        os.dup2(2, 1)
    except OSError:
        pass
    return 1 if "problem" in reply else 0


if __name__ == "__main__":
    place = Checkout(root=Path(sys.argv[1]), var=Path(sys.argv[2]))
    sys.exit(keep(place, sys.argv[3:], scratch="scratch" in sys.argv[3:]))
