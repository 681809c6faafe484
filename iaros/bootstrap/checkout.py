"""Where things live: the checkout, its virtual environment and its run-time files."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Checkout:
    """One working copy and the directory its run-time files go to (a test run has its own)."""

    root: Path
    var: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def run(self) -> Path:
        """Locks and pids: worthless after a restart of the machine."""
        return self.var / "run"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that tell this checkout from every other on the machine."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    def site_packages(self) -> Path:
        """Where the virtual environment keeps its packages, found without running its interpreter."""
        found = sorted(self.venv.glob("lib/python3*/site-packages"))
        return found[-1] if found else self.venv / "lib"

    def make_directories(self) -> None:
        for directory in (self.var, self.run, self.log):
            directory.mkdir(parents=True, exist_ok=True)


def here() -> Checkout:
    """The checkout this file belongs to; IAROS_VAR_DIR moves its run-time files."""
    return Checkout(root=ROOT, var=Path(os.environ.get("IAROS_VAR_DIR") or ROOT / "var").absolute())


def install_lock(tree: Path) -> Path:
    """Held by who fills a tree of packages; it lies beside the tree, so that checkouts that share one wait."""
    return tree.resolve().parent / "var" / "run" / "install.lock"


def digest_of(paths: list[Path]) -> str:
    """One hash over names and contents, for the stamps that let a finished step be skipped."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only; a kill leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
