"""The account that Postgres and Valkey run as, and the directory where it may keep their programs and data.

Postgres refuses to run as root, so root hands both servers to an account without rights. No permission that exists
is changed for that: where the account cannot reach the checkout, programs and data live below /var/lib/iaros.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from iaros.bootstrap.checkout import Checkout
from iaros.bootstrap.console import Problem

OUTSIDE = Path("/var/lib/iaros")
_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user id to start a server with; None where we are an ordinary user and servers run as ourselves."""

    user: int | None = None
    group: int | None = None

    def options(self) -> dict[str, object]:
        """What Popen needs to drop every privilege in the child, and only there."""
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file or directory that we have just made to the account."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)

    def reaches(self, directory: Path) -> bool:
        """Whether the account gets through every parent of a directory and into it."""
        if self.user is None:
            return True
        probe = ["/bin/sh", "-c", 'cd "$1"', "probe", str(directory)]
        return subprocess.run(probe, cwd="/", capture_output=True, **self.options()).returncode == 0  # type: ignore[call-overload,no-any-return]

    def runs(self, program: Path) -> bool:
        """Whether the account can start a program where it lies."""
        try:
            probe = subprocess.run([str(program), "--version"], cwd="/", capture_output=True, **self.options())  # type: ignore[call-overload]
        except OSError:
            return False
        return bool(probe.returncode == 0)


def service_account(data: Path | None = None) -> Account:
    """The owner of data that is there already; else `postgres` or `nobody` for root, and ourselves for anyone else."""
    if os.geteuid() != 0:
        return Account()
    if data and data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise Problem(
        "Postgres refuses to run as root, and this machine has neither a `postgres` nor a `nobody` account.",
        "make one (useradd --system postgres), or run the command as an ordinary user.",
    )


def outside(checkout: Checkout) -> Path:
    """Where programs and data of this checkout live when the service account cannot reach it."""
    return OUTSIDE / checkout.fingerprint


def service_home(checkout: Checkout, account: Account, former: Path) -> Path:
    """The directory that holds the servers' data: where it is already, else `var` or its stand-in outside."""
    if former != checkout.var and (former / "postgres").exists():
        return former
    if account.reaches(checkout.var):
        return checkout.var
    if (checkout.var / "postgres").exists():
        raise Problem(
            f"The database is in {checkout.var / 'postgres'}, where its account can no longer get to.",
            "give the directories above the checkout back their permission to be entered (chmod o+x).",
        )
    stand_in = outside(checkout)
    home = stand_in if checkout.var == checkout.root / "var" else stand_in / checkout.var.name
    home.mkdir(parents=True, exist_ok=True)
    (stand_in / "checkout").write_text(f"{checkout.root}\n")
    return home


def reachable_program(checkout: Checkout, account: Account, program: Path, *, trees: list[Path]) -> Path:
    """The program where it lies if the account can start it there, else in a copy of its directory trees."""
    if account.runs(program):
        return program
    base = Path(os.path.commonpath(trees)) if len(trees) > 1 else trees[0].parent
    programs = outside(checkout) / "programs" / f"{program.name}-{int(program.stat().st_mtime)}"
    if not programs.exists():
        draft = programs.with_name(f".{programs.name}.{os.getpid()}")
        for tree in trees:
            shutil.copytree(tree, draft / tree.relative_to(base), symlinks=True)
        _open_up(draft)
        draft.rename(programs)
    copy = programs / program.relative_to(base)
    if not account.runs(copy):
        raise Problem(
            f"The service account cannot start {copy}.",
            "see that /var/lib allows programs to run (mount option noexec), or run the command as an ordinary user.",
        )
    return copy


def _open_up(tree: Path) -> None:
    """Make our own copy readable for the service account whatever the umask was."""
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
