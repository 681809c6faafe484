"""LightGBM needs the system's libgomp, which small machines lack; scikit-learn's wheel brings a copy of it.

The copy has a name of its own, so a link under the name that the loader asks for is put where it looks first. It is
a link and not a copy: both libraries then share one OpenMP runtime instead of fighting over the cores with two.
"""

import ctypes
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from iaros.bootstrap.checkout import Checkout
from iaros.bootstrap.console import Problem

NAME = "libgomp.so.1"


def system_has_it() -> bool:
    """Whether the loader finds libgomp by itself."""
    try:
        ctypes.CDLL(NAME)
    except OSError:
        return False
    return True


def with_openmp(
    checkout: Checkout, environment: Mapping[str, str], *, has_it: Callable[[], bool] = system_has_it
) -> dict[str, str]:
    """The environment with the wheel's libgomp on the loader's path, where the system has none."""
    directory = checkout.root / "var" / "lib"
    searched = [each for each in environment.get("LD_LIBRARY_PATH", "").split(os.pathsep) if each]
    if str(directory) not in searched and has_it():
        return dict(environment)
    _link(checkout, directory)
    others = [each for each in searched if each != str(directory)]
    return {**environment, "LD_LIBRARY_PATH": os.pathsep.join([str(directory), *others])}


def _link(checkout: Checkout, directory: Path) -> None:
    bundled = sorted(checkout.site_packages().glob("scikit_learn.libs/libgomp*.so*"))
    if not bundled:
        raise Problem(
            f"This machine has no {NAME}, which LightGBM needs, and scikit-learn's wheel brings none either.",
            "install it (Debian, Ubuntu: apt-get install libgomp1).",
        )
    directory.mkdir(parents=True, exist_ok=True)
    draft = directory / f".{NAME}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    draft.symlink_to(bundled[-1])
    draft.replace(directory / NAME)
