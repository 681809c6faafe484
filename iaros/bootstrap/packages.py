"""The virtual environment: made, filled from a hash-pinned list, and left alone while nothing changed.

A stamp written last says which lists are installed; a marker written first says that an installation was begun.
A marker without its stamp means that pip was killed half-way, and then only a new environment can be trusted.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from iaros.bootstrap.checkout import Checkout, digest_of, install_lock
from iaros.bootstrap.console import Problem, say, step
from iaros.bootstrap.locks import exclusively

REQUIREMENTS = "requirements.txt"
REQUIREMENTS_DEV = "requirements-dev.txt"  # holds everything of the other list too
_STAMP = "iaros-installed.json"
_MARKER = "iaros-installing"
_ROOM_NEEDED = 2 * 1024**3
_NETWORK_SIGNS = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ConnectionResetError",
    "Network is unreachable",
    "ProxyError",
    "dns error",
    "error sending request",
    "Failed to fetch",
    "(from versions: none)",  # what pip says of a pinned package when it reached no index
)


def install(checkout: Checkout, requirements: str = REQUIREMENTS) -> bool:
    """Have the packages of one list in `.venv`; returns whether anything had to be installed."""
    if is_installed(checkout, requirements):
        return False
    checkout.make_directories()
    with exclusively(install_lock(checkout.venv), "another command is setting up this checkout"):
        if is_installed(checkout, requirements):
            return True
        with step(f"Installing the Python packages of {requirements} into .venv (log: {_log(checkout)})"):
            _require_room(checkout.root)
            _make_environment(checkout)
            (checkout.venv / _MARKER).touch()
            _fill(checkout, requirements)
            _write_stamp(checkout, requirements)
            (checkout.venv / _MARKER).unlink()
    return True


def is_installed(checkout: Checkout, requirements: str) -> bool:
    """Whether the stamp of `.venv` names this list as it stands now."""
    wanted = digest_of([checkout.root / requirements])
    return checkout.python.exists() and _stamps(checkout).get(requirements) == wanted


def is_inside(checkout: Checkout) -> bool:
    """Whether this interpreter is the one of the checkout's virtual environment."""
    return Path(sys.prefix).resolve() == checkout.venv.resolve()


def _make_environment(checkout: Checkout) -> None:
    begun = (checkout.venv / _MARKER).exists()
    if checkout.venv.exists() and (begun or not _answers(checkout.python)):
        say("  .venv was left half-made; making it anew")
        shutil.rmtree(checkout.venv.resolve())
    if checkout.venv.exists():
        return
    # Inside a virtual environment that is about to be replaced, the interpreter behind it makes the new one.
    maker = getattr(sys, "_base_executable", None) or sys.executable
    options = [] if _has_ensurepip(maker) else ["--without-pip"]
    made = subprocess.run([maker, "-m", "venv", *options, str(checkout.venv.resolve())], capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(checkout.venv, ignore_errors=True)
        raise Problem(
            f"Python's venv module could not make {checkout.venv}:\n{(made.stderr or made.stdout).strip()}",
            "install the package that holds it (Debian, Ubuntu: apt-get install python3-venv).",
        )


def _answers(python: Path) -> bool:
    """Whether the environment's interpreter runs and is one that IAROS supports."""
    from iaros.bootstrap import SUPPORTED

    try:
        told = subprocess.run(
            [str(python), "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, timeout=60
        )
    except OSError:
        return False
    return told.stdout.strip() in {str(version) for version in SUPPORTED}


def _has_ensurepip(python: str) -> bool:
    return subprocess.run([python, "-c", "import ensurepip"], capture_output=True).returncode == 0


def _fill(checkout: Checkout, requirements: str) -> None:
    arguments = ["install", "--require-hashes", "-r", str(checkout.root / requirements)]
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", *arguments, "--python", str(_own_python(checkout))]
    else:
        command = [*_pip(checkout), *arguments, "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    lines = _follow(command, checkout, _count_pins(checkout.root / requirements))
    if lines is not None:
        raise _installation_problem("\n".join(lines), checkout)


def _pip(checkout: Checkout) -> list[str]:
    """The environment's pip, or where Debian left it out, the machine's pip working on the environment."""
    own = [str(_own_python(checkout)), "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True).returncode == 0:
        return own
    machine = [shutil.which("python3") or sys.executable, "-m", "pip", "--python", str(_own_python(checkout))]
    if subprocess.run([*machine, "--version"], capture_output=True).returncode == 0:
        return machine
    raise Problem(
        "This Python has neither ensurepip nor pip, so nothing can be installed.",
        "install one of them (Debian, Ubuntu: apt-get install python3-venv), or put uv on the PATH.",
    )


def _own_python(checkout: Checkout) -> Path:
    """By where the environment lies, not by a link to it: commands that are installed name the path for good."""
    return checkout.venv.resolve() / "bin" / "python"


def _follow(command: list[str], checkout: Checkout, total: int) -> list[str] | None:
    """Run the installer, showing now and then how far it is; its last lines if it failed, else None."""
    last: deque[str] = deque(maxlen=40)
    collected, shown_at = 0, time.monotonic()
    with _log(checkout).open("w") as log:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        try:
            for line in child.stdout or ():
                log.write(line)
                last.append(line.rstrip())
                collected += line.startswith("Collecting ")
                if time.monotonic() - shown_at > 10:
                    say(f"  {collected} of about {total} packages fetched" if collected < total else "  unpacking")
                    shown_at = time.monotonic()
        except BaseException:
            child.terminate()
            raise
        finally:
            # Closes the pipe and collects the child.
            child.communicate()
    return list(last) if child.returncode else None


def _installation_problem(text: str, checkout: Checkout) -> Problem:
    log = f"the whole output is in {_log(checkout)}"
    if "No space left on device" in text or "Errno 28" in text:
        return Problem("The disk is full: the Python packages could not be unpacked.", f"free 2 GB; {log}.")
    if any(sign in text for sign in _NETWORK_SIGNS):
        return Problem(
            "No network: the package index did not answer.",
            f"check the connection, the proxy or pip's index settings, then run the same command again; {log}.",
        )
    if "DO NOT MATCH THE HASHES" in text or "Hash mismatch" in text:
        return Problem("A package does not match its pinned hash and was not installed.", f"do not force it; {log}.")
    return Problem(f"The Python packages could not be installed:\n{text[-1500:]}", log + ".")


def _require_room(directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if free < _ROOM_NEEDED:
        raise Problem(
            f"Not enough room: {free / 1024**3:.1f} GB are free on the disk of {directory}.",
            "free 2 GB, then run the same command again.",
        )


def _count_pins(requirements: Path) -> int:
    return sum("==" in line and not line.startswith((" ", "#")) for line in requirements.read_text().splitlines())


def _stamps(checkout: Checkout) -> dict[str, str]:
    try:
        stamps: dict[str, str] = json.loads((checkout.venv / _STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamps


def _write_stamp(checkout: Checkout, requirements: str) -> None:
    stamps = {requirements: digest_of([checkout.root / requirements])}
    if requirements == REQUIREMENTS_DEV:
        stamps[REQUIREMENTS] = digest_of([checkout.root / REQUIREMENTS])
    draft = checkout.venv / f"{_STAMP}.draft"
    draft.write_text(json.dumps(stamps))
    os.replace(draft, checkout.venv / _STAMP)


def _log(checkout: Checkout) -> Path:
    return checkout.log / "install.log"
