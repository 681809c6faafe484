"""Postgres and Valkey: there while somebody uses them, gone afterwards, and back after any kill."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from iaros.bootstrap import environment, services
from iaros.bootstrap.account import outside
from iaros.bootstrap.console import Problem
from iaros.bootstrap.processes import is_alive, wait_until

from .conftest import manage, processes_of


def _role(checkout) -> str:
    with psycopg.connect(environment.exported(checkout)["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    return row[0] if row else ""


def test_attached__serves_on_loopback_behind_passwords_with_checksums(checkout):
    with services.attached(checkout):
        told = environment.exported(checkout)
        with psycopg.connect(told["DATABASE_URL"]) as connection:
            settings = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
        valkey = redis.Redis.from_url(told["REDIS_URL"])
        without = redis.Redis(port=int(environment.read(checkout)["IAROS_VALKEY_PORT"]))

        assert settings["listen_addresses"] == "127.0.0.1"
        assert settings["unix_socket_directories"] == ""
        assert settings["data_checksums"] == "on"
        assert settings["server_encoding"] == "UTF8"
        assert valkey.ping()
        with pytest.raises(redis.AuthenticationError):
            without.ping()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(told["DATABASE_URL"].replace(environment.read(checkout)["IAROS_POSTGRES_PASSWORD"], "no"))

    assert processes_of(checkout) == []


def test_attached__one_of_two_leaves__the_other_keeps_the_servers(checkout):
    with services.attached(checkout):
        first = services.running(checkout)
        with services.attached(checkout):
            assert services.running(checkout) == first
        assert services.running(checkout) == first
        assert _role(checkout) == "iaros"

    assert services.running(checkout) == {}


def test_attached__killed_while_using_them__servers_stop_by_themselves(checkout):
    code = (
        "import time, pathlib, sys; from iaros.bootstrap import services; from iaros.bootstrap.checkout import here\n"
        "with services.attached(here()): print('attached', flush=True); time.sleep(60)"
    )
    user = subprocess.Popen([sys.executable, "-c", code], cwd=checkout.root, stdout=subprocess.PIPE, stderr=-3)
    assert user.stdout is not None
    user.stdout.readline()
    pids = services.running(checkout)

    user.kill()
    user.communicate()

    assert wait_until(lambda: not any(is_alive(pid) for pid in pids.values()), 20)


def test_attached__keeper_and_postgres_killed__next_command_mends_it(checkout):
    with services.attached(checkout):
        former = services.running(checkout)
        os.kill(former["keeper"], signal.SIGKILL)
        os.kill(former["postgres"], signal.SIGKILL)
        assert wait_until(lambda: not is_alive(former["keeper"]), 5)

        with services.attached(checkout):
            assert services.running(checkout)["keeper"] != former["keeper"]
            assert _role(checkout) == "iaros"

    assert wait_until(lambda: not any(is_alive(pid) for pid in former.values()), 20)


def test_attached__postgres_killed_under_its_users__comes_back_on_the_same_port(checkout):
    with services.attached(checkout):
        os.kill(services.running(checkout)["postgres"], signal.SIGKILL)
        time.sleep(0.5)

        assert wait_until(lambda: _answers(checkout), 20)


def _answers(checkout) -> bool:
    try:
        return _role(checkout) == "iaros"
    except psycopg.OperationalError:
        return False


def test_attached__killed_during_initdb__begins_anew(checkout):
    checkout.make_directories()
    half = checkout.var / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")

    with services.attached(checkout):
        assert _role(checkout) == "iaros"

    assert not half.exists()


def test_attached__pid_file_names_a_stranger__is_not_taken_for_a_server(checkout):
    with services.attached(checkout):
        pass
    stranger = checkout.var / "postgres" / "postmaster.pid"
    stranger.write_text(f"{os.getppid()}\n{checkout.var / 'postgres'}\n0\n0\n\n\n\n")
    stranger.chmod(0o600)
    os.chown(stranger, (checkout.var / "postgres").stat().st_uid, -1)

    with services.attached(checkout):
        assert _role(checkout) == "iaros"


def test_attached__port_of_last_time_is_taken__uses_another(checkout):
    with services.attached(checkout):
        former = environment.read(checkout)["IAROS_POSTGRES_PORT"]
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(former)))
        other.listen()

        with services.attached(checkout):
            assert environment.read(checkout)["IAROS_POSTGRES_PORT"] != former
            assert _role(checkout) == "iaros"


def test_attached__closed_checkout_as_root__servers_live_outside_and_no_permission_changes(checkout):
    if os.geteuid() != 0:
        pytest.skip("only root hands the servers to another account")
    checkout.root.parent.chmod(0o700)

    with services.attached(checkout):
        assert _role(checkout) == "iaros"

    assert stat.S_IMODE(checkout.root.parent.stat().st_mode) == 0o700
    assert environment.read(checkout)["IAROS_SERVICES_HOME"] == str(outside(checkout))
    checkout.root.parent.chmod(0o755)
    with services.attached(checkout):
        assert environment.read(checkout)["IAROS_SERVICES_HOME"] == str(outside(checkout))
    assert manage(checkout, "down", "--purge").returncode == 0
    assert not outside(checkout).exists()
    assert (checkout.var / "keys.json").exists()


def test_attached__data_of_another_postgres__is_refused_by_name(checkout):
    checkout.make_directories()
    data = checkout.var / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("9\n")

    with pytest.raises(Problem, match="made by Postgres 9"), services.attached(checkout):
        pass


def test_command__ends_with_its_own_code_and_leaves_nothing(checkout):
    run = manage(checkout, "wait", "0", "--code", "2")

    assert run.returncode == 2
    assert run.stdout.splitlines() == ["before iaros", "after iaros"]
    assert processes_of(checkout) == []


def test_command__another_ends_meanwhile__keeps_its_servers(checkout):
    command = [sys.executable, str(checkout.root / "manage.py"), "wait", "2"]
    longer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert longer.stdout is not None
    longer.stdout.readline()

    shorter = manage(checkout, "wait", "0")

    assert shorter.returncode == 0
    assert longer.communicate()[0].strip() == "after iaros"
    assert longer.returncode == 0
    assert processes_of(checkout) == []


def test_addresses__own_servers_named_by_the_person__none_of_ours_is_started(checkout, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://their.own/database")
    monkeypatch.setenv("REDIS_URL", "redis://their.own/0")

    with services.attached(checkout) as keep:
        assert keep == []
        assert services.running(checkout) == {}


def test_env_file__holds_where_everything_is(checkout):
    with services.attached(checkout):
        known = environment.read(checkout)

    assert Path(known["IAROS_SERVICES_HOME"]) == checkout.var
    assert json.dumps(known).count("127.0.0.1") == 0
    assert known["IAROS_POSTGRES_PORT"].isdigit()
