"""Secrets are drawn once, kept private, and what the person has set wins."""

import json
import stat

from iaros.bootstrap import environment


def test_prepare__twice__keeps_every_secret_and_key(checkout):
    first = environment.prepare(checkout)
    keys = (checkout.var / "keys.json").read_text()

    second = environment.prepare(checkout)

    assert second == first
    assert (checkout.var / "keys.json").read_text() == keys


def test_prepare__files_with_secrets__are_readable_by_their_owner_only(checkout):
    environment.prepare(checkout)

    assert stat.S_IMODE((checkout.var / "env").stat().st_mode) == 0o600
    assert stat.S_IMODE((checkout.var / "keys.json").stat().st_mode) == 0o600


def test_keys__hold_a_numbered_key_and_an_index_key(checkout):
    environment.prepare(checkout)

    keys = json.loads((checkout.var / "keys.json").read_text())

    assert keys["current_kek"] == 1
    assert keys["kek"]["1"] != keys["index_key"]


def test_exported__database_named_by_the_person__wins(checkout, monkeypatch):
    environment.prepare(checkout)
    monkeypatch.setenv("DATABASE_URL", "postgres://their.own/database")
    monkeypatch.setenv("REDIS_URL", "")

    told = environment.exported(checkout)

    assert told["DATABASE_URL"] == "postgres://their.own/database"
    assert told["REDIS_URL"].startswith("redis://:")
