"""`up`: everything runs, one at a time, and nothing is left behind however it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from iaros.bootstrap.checkout import Checkout
from iaros.bootstrap.processes import wait_until

from .conftest import manage, processes_of


@pytest.fixture
def running(checkout: Checkout) -> Iterator[subprocess.Popen[str]]:
    """An `up` that has said where it is to be found."""
    command = [sys.executable, str(checkout.root / "manage.py"), "up"]
    log = (checkout.root / "up.stderr").open("w")
    up = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert up.stdout is not None
    for line in up.stdout:
        if "Ctrl-C" in line:
            break
    yield up
    log.close()
    up.kill()
    up.communicate()
    manage(checkout, "down")


def test_check__verifies_and_leaves_nothing(checkout):
    check = manage(checkout, "up", "--check", "--json")

    assert check.returncode == 0, check.stderr
    assert json.loads(check.stdout)["checked"] == 1
    assert processes_of(checkout) == []


def test_up__second_is_refused_by_name__and_down_stops_the_first(checkout, running):
    second = manage(checkout, "up")
    assert second.returncode == 1
    assert "already running from this checkout: http://127.0.0.1:" in second.stderr

    manage(checkout, "down")

    assert running.wait(60) == 0
    assert processes_of(checkout) == []


def test_up__killed__ends_by_itself_and_runs_again(checkout, running):
    os.kill(running.pid, signal.SIGKILL)

    assert wait_until(lambda: processes_of(checkout) == [], 30)
    assert manage(checkout, "up", "--check").returncode == 0


def test_up__loading_fails__says_so_and_leaves_nothing(checkout):
    (checkout.root / "iaros" / "management" / "commands" / "load_demo.py").unlink()

    up = manage(checkout, "up")

    assert up.returncode == 1
    assert "The demo airline could not be loaded" in up.stderr
    assert processes_of(checkout) == []
