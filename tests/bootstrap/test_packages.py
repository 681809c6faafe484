"""Installing: skipped when nothing changed, begun anew after a kill, and plain about what went wrong."""

import shutil
import subprocess

import pytest

from iaros.bootstrap import packages, page_assets
from iaros.bootstrap.checkout import Checkout, install_lock
from iaros.bootstrap.console import Problem


@pytest.fixture
def empty(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout without an environment, whose list of packages is empty."""
    (checkout.root / ".venv").unlink()
    (checkout.root / "requirements.txt").write_text("")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return checkout


def test_install__interrupted_half_way__makes_the_environment_anew(empty):
    assert packages.install(empty)
    (empty.venv / "iaros-installing").touch()
    (empty.venv / "iaros-installed.json").unlink()
    (empty.venv / "left-by-the-killed-one").touch()

    assert packages.install(empty)

    assert not (empty.venv / "left-by-the-killed-one").exists()
    assert packages.install(empty) is False


def test_install__environment_is_shared_by_a_link__is_mended_where_it_lies(empty, tmp_path):
    owner = tmp_path / "owner" / ".venv"
    owner.parent.mkdir()
    empty.venv.symlink_to(owner)
    packages.install(empty)
    (owner / "iaros-installing").touch()
    (owner / "iaros-installed.json").unlink()

    packages.install(empty)

    assert empty.venv.is_symlink()
    assert (owner / "iaros-installed.json").exists()
    assert install_lock(empty.venv) == owner.parent / "var" / "run" / "install.lock"


def test_install__list_changed__installs_again(empty):
    packages.install(empty)

    (empty.root / "requirements.txt").write_text("# another list\n")

    assert not packages.is_installed(empty, packages.REQUIREMENTS)


def test_install__index_does_not_answer__says_no_network(empty, monkeypatch):
    (empty.root / "requirements.txt").write_text(f"nothing-of-ours==1.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)

    with pytest.raises(Problem, match="No network"):
        packages.install(empty)

    assert not packages.is_installed(empty, packages.REQUIREMENTS)


def test_install__disk_is_full__says_so(empty, monkeypatch):
    usage = shutil.disk_usage(empty.root)._replace(free=5 * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    with pytest.raises(Problem, match="Not enough room"):
        packages.install(empty)


def test_install__python_without_pip__takes_the_machines_own(empty, monkeypatch):
    monkeypatch.setattr(packages, "_has_ensurepip", lambda python: False)
    machine = subprocess.run(["python3", "-m", "pip", "--version"], capture_output=True)
    if machine.returncode != 0:
        pytest.skip("this machine's python3 has no pip of its own")

    assert packages.install(empty)


def test_gathered_files__are_no_reason_to_gather_again(tmp_path):
    checkout = Checkout(tmp_path, tmp_path / "var")
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "page.css").write_text("a {}")
    (tmp_path / "var" / "static").mkdir(parents=True)
    (tmp_path / "var" / "static" / "page.1.css").write_text("a {}")

    page_assets.mark_gathered(checkout)

    assert page_assets.is_gathered(checkout)
    (tmp_path / "static" / "page.css").write_text("b {}")
    assert not page_assets.is_gathered(checkout)
