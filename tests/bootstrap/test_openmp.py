"""LightGBM loads on a machine without libgomp."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from iaros.bootstrap.openmp import NAME, with_openmp


def test_with_openmp__system_has_it__nothing_is_added(checkout):
    told = with_openmp(checkout, {"PATH": "/bin"}, has_it=lambda: True)

    assert told == {"PATH": "/bin"}


def test_with_openmp__system_lacks_it__the_wheels_copy_comes_first(checkout):
    told = with_openmp(checkout, {"LD_LIBRARY_PATH": "/opt/their"}, has_it=lambda: False)

    directory, theirs = told["LD_LIBRARY_PATH"].split(os.pathsep)
    assert theirs == "/opt/their"
    assert "scikit_learn.libs" in str((Path(directory) / NAME).resolve())


def _hidden(command: list[str]) -> list[str]:
    """The command in a mount namespace of its own, in which an empty file lies over every libgomp of the system."""
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    files = {line.rpartition("=> ")[2].strip() for line in listed.splitlines() if NAME in line}
    covers = " && ".join(f"mount --bind /dev/null {os.path.realpath(file)}" for file in sorted(files))
    return ["unshare", "--mount", "sh", "-c", f'{covers or "true"}; exec "$@"', "sh", *command]


def test_manage__libgomp_hidden_from_the_loader__lightgbm_still_trains(checkout):
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("hiding the system's libgomp needs root and unshare")
    bare = subprocess.run(_hidden([sys.executable, "-c", "import lightgbm"]), capture_output=True, text=True)
    if "mount" in bare.stderr or "unshare" in bare.stderr:
        pytest.skip(f"this machine allows no mount namespace: {bare.stderr.strip()}")
    assert bare.returncode != 0, "the system's libgomp is not hidden, so this would prove nothing"

    code = (
        "import lightgbm, numpy; lightgbm.train({'verbose': -1}, lightgbm.Dataset(numpy.eye(50), numpy.arange(50)), 2)"
    )
    run = subprocess.run(
        _hidden([sys.executable, str(checkout.root / "manage.py"), "shell", "-c", code]), capture_output=True, text=True
    )

    assert run.returncode == 0, run.stderr
    assert ctypes.util.find_library("gomp") is None or (checkout.var / "lib" / NAME).is_symlink()
