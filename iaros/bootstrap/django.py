"""Django's commands, run in a process of their own with the installation's environment."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from iaros.bootstrap import environment, page_assets
from iaros.bootstrap.checkout import Checkout, digest_of
from iaros.bootstrap.console import Problem, step
from iaros.bootstrap.processes import CALLED_BY, run, stop


@dataclass(frozen=True)
class Django:
    """One installation's Django: where it is, what it is told, and the descriptors that keep its servers up."""

    checkout: Checkout
    environment: dict[str, str]
    keep: list[int] = field(default_factory=list)

    def run(self, *arguments: str, quiet: bool = False) -> int:
        """Run a command to its end, its output going where ours goes; stdout stays free when `quiet`."""
        return run(
            self._command(arguments),
            environment=self._told(),
            keep=self.keep,
            **({"stdout": sys.stderr} if quiet else {}),
        )

    def require(self, *arguments: str, failure: str) -> None:
        """Run a command that has to succeed; `Problem` when it does not."""
        code = self.run(*arguments, quiet=True)
        if code:
            raise Problem(f"{failure} (`{' '.join(arguments)}` ended with {code})", "its lines above say why.")

    def output(self, *arguments: str) -> tuple[int, str]:
        """Exit code and stdout of a command."""
        child = subprocess.Popen(
            self._command(arguments), env=self._told(), pass_fds=tuple(self.keep), stdout=subprocess.PIPE
        )
        try:
            told, _ = child.communicate()
        except BaseException:
            stop(child)
            raise
        return child.returncode, told.decode()

    def gather_static(self) -> None:
        """`collectstatic`, unless nothing it gathers has changed."""
        if page_assets.is_gathered(self.checkout):
            return
        with step("Gathering the pages' files into var/static"):
            ignored = [f"--ignore={pattern}" for pattern in page_assets.UNUSED]
            arguments = ("collectstatic", "--noinput", "--verbosity=0", *ignored)
            self.require(*arguments, failure="The pages' files could not be gathered.")
            page_assets.mark_gathered(self.checkout)

    def migrate(self) -> None:
        self.require("migrate", "--noinput", "--verbosity=0", failure="The database could not be migrated.")
        stamp = self._migrated_stamp()
        if stamp:
            stamp.write_text(self._migrations())

    def is_migrated(self) -> bool:
        """Whether our own cluster has this checkout's migrations; a server of the person's is theirs to migrate."""
        stamp = self._migrated_stamp()
        return stamp is None or (stamp.is_file() and stamp.read_text() == self._migrations())

    def _migrated_stamp(self) -> Path | None:
        known = environment.read(self.checkout)
        if self.environment["DATABASE_URL"] != environment.database_url(known):
            return None
        # Beside the programs' own files, so that it goes when the data goes.
        return Path(known["IAROS_SERVICES_HOME"]) / "postgres.migrated"

    def _migrations(self) -> str:
        lists = [self.checkout.root / "requirements.txt"]
        return digest_of([*lists, *sorted(self.checkout.root.glob("*/migrations/*.py")), *self._ours()])

    def _ours(self) -> list[Path]:
        return sorted(self.checkout.root.glob("iaros/*/migrations/*.py"))

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [str(self.checkout.python), str(self.checkout.root / "manage.py"), *arguments]

    def _told(self) -> dict[str, str]:
        return {**self.environment, CALLED_BY: str(os.getpid())}
