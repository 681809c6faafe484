"""`manage.py doctor`: how this installation is and what a person should look at. Ends with 1 if something is broken."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.utils import timezone

from iaros.bootstrap import environment, services
from iaros.bootstrap.account import outside
from iaros.bootstrap.checkout import Checkout
from iaros.lib.commands import ReportCommand
from iaros.lib.models import Job, JobState, Outbox
from iaros.lib.queues import Queue

_PACKAGES = ("django", "djangorestframework", "celery", "psycopg", "pandas", "scikit-learn", "lightgbm", "implicit")
_POSTGRES = (15, 18)
_LEAST_FREE = 2 * 1024**3
_LONGEST_WAIT = 600.0


class Command(ReportCommand):
    help = "Show services, versions, migrations, queue ages, disk, keys and where the data lives."

    def report(self, **options: Any) -> dict[str, Any]:
        self.warnings: list[str] = []
        self.broken: list[str] = []
        started_problem = os.environ.get("IAROS_SERVICES_PROBLEM")
        if started_problem:
            self.broken.append(started_problem)
        sections = {
            "versions": self._versions,
            "places": self._places,
            "postgres": self._postgres,
            "valkey": self._valkey,
            "migrations": self._migrations,
            "queues": self._queues,
            "jobs": self._jobs,
            "disk": self._disk,
            "keys": self._keys,
        }
        document: dict[str, Any] = {name: self._ask(name, section) for name, section in sections.items()}
        return {"ok": not self.broken, **document, "broken": self.broken, "warnings": self.warnings}

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if self.broken:
            raise CommandError("; ".join(self.broken))

    def render(self, document: dict[str, Any]) -> None:
        for name, section in document.items():
            if isinstance(section, dict):
                sys.stdout.write(f"{name}\n")
                for key, value in section.items():
                    value = f"{len(value)}" if key == "pending" else value
                    sys.stdout.write(f"  {key:<24} {value}\n")
        for title, lines in (("broken", self.broken), ("look at", self.warnings)):
            for line in lines:
                sys.stdout.write(f"{title}: {line}\n")
        if not self.broken and not self.warnings:
            sys.stdout.write("all well\n")

    def _ask(self, name: str, section: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return section()
        except ProgrammingError:
            # A table that the pending migrations will make; these are named already.
            return {"unknown": "migrations are pending"}
        except Exception as error:
            # A sick installation is what this command is for: say which part does not answer and go on.
            self.broken.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
            return {"problem": type(error).__name__}

    def _versions(self) -> dict[str, Any]:
        return {"python": sys.version.split()[0], **{name: version(name) for name in _PACKAGES}}

    def _places(self) -> dict[str, Any]:
        checkout = _checkout()
        known = environment.read(checkout)
        return {
            "checkout": str(checkout.root),
            "run_time_files": str(checkout.var),
            "environment_file": str(checkout.var / "env"),
            "logs": str(checkout.log),
            "servers_data": known.get("IAROS_SERVICES_HOME", "not made yet"),
            "outside_the_checkout": str(outside(checkout)) if outside(checkout).exists() else None,
            "configuration": os.environ.get("IAROS_CONFIG") or "built in",
        }

    def _postgres(self) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version'), current_setting('shared_buffers'),"
                " current_setting('data_checksums'), pg_database_size(current_database()),"
                " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())"
            )
            number, buffers, checksums, size, connections = cursor.fetchone()
        major = int(number.partition(".")[0])
        if not _POSTGRES[0] <= major <= _POSTGRES[1]:
            self.warnings.append(f"Postgres {major} is not one we test on ({_POSTGRES[0]} to {_POSTGRES[1]})")
        if checksums != "on":
            self.warnings.append("Postgres keeps no data checksums: a broken disk would go unseen")
        told = connection.settings_dict
        return {
            "address": f"{told['HOST']}:{told['PORT']}/{told['NAME']}",
            "own": _is_own(settings.DATABASES["default"].get("PASSWORD"), "IAROS_POSTGRES_PASSWORD"),
            "process": services.running(_checkout()).get("postgres"),
            "version": number,
            "shared_buffers": buffers,
            "data_checksums": checksums,
            "database_bytes": size,
            "connections": connections,
        }

    def _valkey(self) -> dict[str, Any]:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as server:
            told = server.info()
            pool = server.connection_pool.connection_kwargs
        return {
            "address": f"{pool.get('host')}:{pool.get('port')}/{pool.get('db')}",
            "own": _is_own(pool.get("password"), "IAROS_VALKEY_PASSWORD"),
            "process": services.running(_checkout()).get("valkey"),
            "version": told.get("valkey_version") or told["redis_version"],
            "memory_bytes": told["used_memory"],
            "clients": told["connected_clients"],
        }

    def _migrations(self) -> dict[str, Any]:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            self.warnings.append(f"{len(pending)} migrations are pending: python3 manage.py migrate")
        return {
            "applied": len(executor.loader.applied_migrations),
            "pending": [f"{migration.app_label}.{migration.name}" for migration, _ in pending],
        }

    def _queues(self) -> dict[str, Any]:
        """What waits: messages on the broker, and doorbells of the outbox with the age of the oldest."""
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as server:
            waiting = {queue.value: server.llen(queue.value) for queue in Queue}
        report: dict[str, Any] = {}
        for queue in Queue:
            told = Outbox.objects.filter(queue=queue.value, done_at__isnull=True, due_at__lte=timezone.now())
            oldest = told.aggregate(oldest=Min("due_at"))["oldest"]
            age = round((timezone.now() - oldest).total_seconds(), 1) if oldest else 0.0
            report[queue.value] = {"messages": waiting[queue.value], "due": told.count(), "oldest_seconds": age}
            if age > _LONGEST_WAIT:
                self.warnings.append(f"queue {queue.value}: the oldest doorbell waits {age:.0f} s; does a worker run?")
        return report

    def _jobs(self) -> dict[str, Any]:
        counted = dict(Job.objects.order_by().values_list("state").annotate(Count("id")))
        if counted.get(JobState.LOST):
            self.warnings.append(f"{counted[JobState.LOST]} jobs were lost with their worker; start them again")
        return {state.value: counted.get(state.value, 0) for state in JobState}

    def _disk(self) -> dict[str, Any]:
        home = Path(environment.read(_checkout()).get("IAROS_SERVICES_HOME", settings.VAR_DIR))
        free = shutil.disk_usage(home).free
        if free < _LEAST_FREE:
            self.warnings.append(f"only {free / 1024**3:.1f} GB are free at {home}")
        return {"free_bytes": free, "at": str(home)}

    def _keys(self) -> dict[str, Any]:
        path = Path(settings.KEYS_FILE)
        keys = json.loads(path.read_text())
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            self.warnings.append(f"{path} can be read by others (mode {mode:o}): chmod 600")
        return {
            "file": str(path),
            "mode": f"{mode:o}",
            "key_encryption_keys": sorted(keys["kek"]),
            "current": keys["current_kek"],
            "index_key": bool(keys["index_key"]),
        }


def _checkout() -> Checkout:
    return Checkout(root=Path(settings.BASE_DIR), var=Path(settings.VAR_DIR))


def _is_own(password: str | None, name: str) -> bool:
    """Whether a server is the one we started: nobody else's knows the password that we drew."""
    return bool(password) and password == environment.read(_checkout()).get(name)
