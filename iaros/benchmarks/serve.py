"""How many requests a second the hot route answers, and how long each waits: `GET intelligence/recommendations`.

The server is the one that `up` runs, with `DEBUG` off, on the demo airline in a scratch database; a partner's system
asks it with a token of its own over connections that are kept. Server, database, Valkey and whoever asks share the
cores.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from django.db import connection

from iaros.accounts.models import ApiClient
from iaros.benchmarks import processor, scratch, visitors, workers
from iaros.bootstrap import crew
from iaros.lib.purposes import Purpose
from iaros.management.commands import load_demo
from privacy import consent
from profiles.models import Customer

Say = Callable[[str], None]
ROUTE, SCOPE, PURPOSE = "/api/v1/intelligence/recommendations", "recommendations:read", Purpose.PERSONALISATION
CONNECTIONS, LEVELS = 16, (1, 8, 16, 32)
SECONDS, WARM_UP = 10.0, 3.0
PATIENCE = 60.0
ASKED_ABOUT = 1_000  # customers
SEED, HOST = 42, "127.0.0.1"


def measure(customers: int, say: Say) -> dict[str, Any]:
    """Requests over wall time with 16 connections, each of which has one request on its way; and with 1, 8 and 32."""
    with scratch.scratch():
        say(f"loading a demo airline of {customers:,} customers")
        load_demo.load(str(customers), SEED, lambda **_: None)
        paths, secret = _paths(), _new_client()
        with _server() as (server, port):
            order = {"host": HOST, "port": port, "token": _token(port, secret), "paths": paths}
            asking = workers.start_file(visitors.__file__)
            try:
                say("warming up")
                workers.ask([asking], [{**order, "connections": CONNECTIONS, "seconds": WARM_UP}])
                levels = [_level(asking, server.pid, order, connections, say) for connections in LEVELS]
            finally:
                workers.dismiss([asking])
        return {"customers": customers, **levels[LEVELS.index(CONNECTIONS)], "levels": levels, **scratch.conditions()}


def _level(asking: Any, server: int, order: dict[str, Any], connections: int, say: Say) -> dict[str, Any]:
    before, committed = processor.seconds(server), _commits()
    [told] = workers.ask([asking], [{**order, "connections": connections, "seconds": SECONDS}])
    spent = {who: after - before[who] for who, after in processor.seconds(server).items()}
    took, count = told["took"], len(told["took"])
    spent["client"] = told["cpu_seconds"]
    statuses = told["statuses"]
    found = {
        "connections": connections,
        "requests_per_second": round(count / told["seconds"], 1),
        **{f"p{share}_ms": round(took[min(count * share // 100, count - 1)] * 1000, 2) for share in (50, 95, 99)},
        "errors": count - statuses.get("200", 0),
        "statuses": statuses,
        "transactions_per_request": round((_commits() - committed) / count, 2),
        "cpu_ms_per_request": {who: round(used / count * 1000, 3) for who, used in spent.items()},
        "cores_used": {who: round(used / told["seconds"], 2) for who, used in spent.items()},
    }
    say(f"{connections} connections: {found['requests_per_second']:,} a second, p99 {found['p99_ms']} ms")
    return found


def _paths() -> list[str]:
    """A request for each of so many customers who agreed to personalisation."""
    agreed = consent.gate_queryset(Customer.objects.filter(merged_into__isnull=True), PURPOSE)
    ids = agreed.order_by("id").values_list("id", flat=True)[:ASKED_ABOUT]
    return [f"{ROUTE}?{urlencode({'customer_id': str(each), 'purpose': PURPOSE.value})}" for each in ids]


def _new_client() -> str:
    secret = secrets.token_urlsafe(24)
    ApiClient.objects.create(
        name="bench",
        client_id="bench",
        client_secret=secret,
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        scopes=[SCOPE],
        purposes=[PURPOSE.value],
    )
    return secret


def _token(port: int, secret: str) -> str:
    """A token as a partner gets it. Raises RuntimeError with the refusal."""
    said = urlencode({"grant_type": "client_credentials", "scope": SCOPE}).encode()
    credentials = b64encode(f"bench:{secret}".encode()).decode()
    request = urllib.request.Request(
        f"http://{HOST}:{port}/oauth2/token", data=said, headers={"Authorization": f"Basic {credentials}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(json.load(answer)["access_token"])
    except urllib.error.HTTPError as refusal:
        raise RuntimeError(refusal.read(500).decode("utf-8", "replace")) from None


@contextmanager
def _server() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The web server of `up` on a free port, once it answers. A partner of such traffic has a quota to match."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    command = crew.commands(HOST, port, cores=os.cpu_count() or 1)["web"]
    environment = {**os.environ, "DEBUG": "false", "HTTPS_ONLY": "false", "API_REQUESTS_PER_MINUTE": "10000000"}
    server = subprocess.Popen(command, env=environment, stdout=sys.stderr, stderr=sys.stderr)
    try:
        _wait_for(port, server)
        yield server, port
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=10):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the web server did not become ready; its lines above say why")


def _commits() -> int:
    """Transactions so far, our own question included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
