"""`/livez`: the process answers. `/readyz`: it can do its work, else 503. `/metrics`: for Prometheus."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from functools import cache

from django.conf import settings
from django.core.cache import cache as valkey
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily

from iaros.lib.models import Job, JobState, Outbox
from profiles.models import Source
from profiles.quality import scorecard
from segmentation.features import parity

_migrated = False


def livez(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    checks = {"database": _database, "cache": _cache, "migrations": _migrations}
    answers = {name: _try(check) for name, check in checks.items()}
    ready = all(answer == "ok" for answer in answers.values())
    body = {"status": "ready" if ready else "not ready", "checks": answers}
    return JsonResponse(body, status=200 if ready else 503)


def _try(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:
        # Only the kind: the text of a connection error names hosts and users.
        return type(error).__name__


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _cache() -> str:
    valkey.set("readyz", "1", 10)
    return "ok" if valkey.get("readyz") == "1" else "what was written could not be read"


def _migrations() -> str:
    """Reading the plan is slow, and once every migration has run it stays so for this process."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            return f"{len(pending)} pending"
        _migrated = True
    return "ok"


def metrics(request: HttpRequest) -> HttpResponse:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and not hmac.compare_digest(token.encode(), given.encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    _register()
    return ExportToDjangoView(request)


@cache
def _register() -> None:
    REGISTRY.register(_Work())


class _Work:
    """What waits to be done, read from its rows at the moment of the scrape."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        counted = dict(Job.objects.values_list("state").annotate(Count("id")))
        jobs = GaugeMetricFamily("iaros_jobs", "Jobs by state", labels=["state"])
        for state in JobState:
            jobs.add_metric([state.value], counted.get(state.value, 0))
        yield jobs
        waiting = Outbox.objects.filter(done_at__isnull=True).aggregate(n=Count("id"), oldest=Min("created_at"))
        age = (timezone.now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0
        yield GaugeMetricFamily("iaros_outbox_waiting", "Doorbells not yet answered", value=waiting["n"])
        yield GaugeMetricFamily("iaros_outbox_oldest_seconds", "Age of the oldest of them", value=age)
        quality = GaugeMetricFamily("iaros_source_quality", "What the rules last measured", labels=["source", "rule"])
        kept = GaugeMetricFamily("iaros_source_rule_kept", "Whether a source keeps a rule", labels=["source", "rule"])
        names = dict(Source.objects.values_list("id", "name"))
        for row in scorecard.latest():
            quality.add_metric([names.get(row.source_id, ""), row.rule], row.value)
            kept.add_metric([names.get(row.source_id, ""), row.rule], int(row.kept))
        yield quality
        yield kept
        yield from _compared()


def _compared() -> Iterator[GaugeMetricFamily]:
    """Of the last nightly comparison of features: nothing before the first."""
    found = parity.last()
    if found:
        at = found.at.timestamp()
        yield GaugeMetricFamily("iaros_feature_parity_mismatch_rate", "Share of values that differ", value=found.rate)
        yield GaugeMetricFamily("iaros_feature_parity_values", "Values compared", value=found.values)
        yield GaugeMetricFamily("iaros_feature_parity_timestamp_seconds", "When they were compared", value=at)
