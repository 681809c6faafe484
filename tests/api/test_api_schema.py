"""The schema says what the routes do, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import URLPattern
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from iaros.api import urls

BRIEF = {
    ("post", "/api/v1/intelligence/profile"),
    ("post", "/api/v1/intelligence/segment"),
    ("post", "/api/v1/intelligence/score"),
    ("get", "/api/v1/intelligence/recommendations"),
    ("post", "/api/v1/intelligence/enrich"),
    ("get", "/api/v1/analytics/segments"),
    ("get", "/api/v1/analytics/behavior"),
    ("get", "/api/v1/analytics/journey"),
    ("get", "/api/v1/analytics/lifetime-value"),
    ("get", "/api/v1/analytics/churn-risk"),
    ("get", "/api/v1/models/status"),
    ("post", "/api/v1/models/retrain"),
    ("get", "/api/v1/models/performance"),
    ("post", "/api/v1/models/deploy"),
}
JOBS = {("get", "/api/v1/jobs/{job_id}"), ("delete", "/api/v1/jobs/{job_id}")}
FILES = {
    ("get", "/api/v1/sources/{name}/batches"),
    ("post", "/api/v1/sources/{name}/batches"),
    ("post", "/api/v1/webhooks/{name}"),
}
SEGMENTS = {
    ("get", "/api/v1/segments"),
    ("post", "/api/v1/segments"),
    ("post", "/api/v1/segments/preview"),
    ("post", "/api/v1/segments/count"),
    ("get", "/api/v1/segments/overlap"),
    ("get", "/api/v1/segments/{slug}"),
    ("get", "/api/v1/segments/{slug}/members"),
    ("get", "/api/v1/segments/{slug}/reach"),
    ("post", "/api/v1/segments/{slug}/why"),
    ("get", "/api/v1/segments/{slug}/activations"),
    ("post", "/api/v1/segments/{slug}/activations"),
    ("get", "/api/v1/activations/{activation_id}/file"),
}
IDENTITY = {
    ("post", "/api/v1/identity/merge"),
    ("post", "/api/v1/identity/split"),
    ("post", "/api/v1/identity/undo"),
}
SIGNED = {("post", "/api/v1/webhooks/{name}")}  # its caller proves itself by a signature, not by a token
NOT_IN_IT = {"schema/", "docs/", "^.*$"}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def _operations(schema: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(method, path): said for path, methods in schema["paths"].items() for method, said in methods.items()}


def test_schema_is_valid_and_without_a_warning(schema: dict[str, Any]) -> None:
    validate_schema(schema)

    assert schema["openapi"] == "3.1.1"
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_schema_has_the_routes_of_the_brief_and_jobs(schema: dict[str, Any]) -> None:
    assert set(_operations(schema)) == BRIEF | JOBS | FILES | SEGMENTS | IDENTITY


def test_every_route_is_in_the_schema(schema: dict[str, Any]) -> None:
    routes = {str(each.pattern) for each in urls.urlpatterns if isinstance(each, URLPattern)} - NOT_IN_IT
    paths = {"/api/v1/" + re.sub(r"<[a-z]+:([a-z_]+)>", r"{\1}", route) for route in routes}

    assert paths == set(schema["paths"])


def test_every_operation_names_its_scope(schema: dict[str, Any]) -> None:
    scopes = schema["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"]
    operations = _operations(schema)
    asked = {said["security"][0]["oauth2"][0] for route, said in operations.items() if route not in SIGNED}

    assert asked <= set(scopes)


def test_every_operation_may_end_in_a_problem(schema: dict[str, Any]) -> None:
    bodies = [
        said["responses"][status]["content"]["application/problem+json"]
        for said in _operations(schema).values()
        for status in ("400", "401", "403", "404", "429", "503")
    ]

    assert {body["schema"]["$ref"] for body in bodies} == {"#/components/schemas/Problem"}


def test_every_post_takes_an_idempotency_key(schema: dict[str, Any]) -> None:
    posts = [said for (method, _), said in _operations(schema).items() if method == "post"]

    assert all("Idempotency-Key" in {p["name"] for p in said["parameters"]} for said in posts)
