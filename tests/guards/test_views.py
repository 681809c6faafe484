"""Every page and every route names who may open it, and for what purpose it shows a person."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from iaros.web import urls as web_urls
from tests.guards.house import ROOT, named, told, tree

# Open to anybody, each for a reason.
OPEN_ROUTES = {
    "SpectacularAPIView": "the description of the API holds nothing of anybody",
    "DocsView": "the same as a page",
    "UnknownView": "says that nothing is there",
    "ClientTokenView": "asks for the client's own id and secret",
    "WebhookView": "the provider signs what it sends",
}


def test_api_routes__name_scope_and_permission() -> None:
    faults = [
        f"/api/v1/{route}: {view.__name__}"
        for route, view in _api_views()
        if view.__name__ not in OPEN_ROUTES
        and not (_named(view, "scope") <= _scopes() and _named(view, "permission") <= _permissions())
    ]

    assert not faults, told(faults, "Give the view a `scope` of the settings' SCOPES and a `permission` that exists:")


def test_api_routes__are_guarded_by_default() -> None:
    guard = ["iaros.api.callers.ScopeOrPermission"]
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == guard

    faults = [
        f"/api/v1/{route}: {view.__name__}"
        for route, view in _api_views()
        if view.__name__ not in OPEN_ROUTES and "permission_classes" in vars(view)
    ]

    assert not faults, told(faults, "Leave permission_classes to the settings; say `scope` and `permission`:")


@pytest.mark.django_db
def test_api_routes__that_read_a_person__name_a_purpose() -> None:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    faults = [
        f"{method.upper()} {path}"
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if "customer_id" in _asked(operation, schema) and "purpose" not in _asked(operation, schema)
    ]

    assert not faults, told(faults, "Whoever reads a person says why: take iaros.api.people.PersonSerializer:")


def test_pages__name_their_permission() -> None:
    faults = [f"/{pattern.pattern}" for pattern in web_urls.urlpatterns if not hasattr(pattern.callback, "permission")]

    assert not faults, told(faults, 'Decorate the view with `@page("app.permission")` of iaros.web.access:')


def test_pages__ask_for_permissions_that_exist() -> None:
    faults = [
        f"/{pattern.pattern}: {wanted}"
        for pattern in web_urls.urlpatterns
        if (wanted := getattr(pattern.callback, "permission", None)) and wanted not in _permissions()
    ]

    assert not faults, told(faults, "Nobody can ever hold this permission; is it spelt right?")


def test_pages__of_a_person__ask_the_gate_first() -> None:
    faults = [
        f"{named(path)}:{view.lineno} {view.name}"
        for path in sorted((ROOT / "iaros/web/views").glob("*.py"))
        for view in ast.walk(tree(path))
        if isinstance(view, ast.FunctionDef) and _is_a_page(view) and _shows_a_person(view) and not _admits(view)
    ]

    assert not faults, told(faults, "Put `@admitted` under `@page(...)`, so that purpose and consent come first:")


def _api_views() -> list[tuple[str, type]]:
    found = dict(_walk(get_resolver(), ""))
    views = {
        route: getattr(callback, "cls", getattr(callback, "view_class", None)) for route, callback in found.items()
    }
    api = {r.removeprefix("api/v1/"): view for r, view in views.items() if r.startswith(("api/", "oauth2/"))}
    assert len(api) > 14, "the map of the API was not found"
    return [(route, view) for route, view in api.items() if view is not None]


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, f"{prefix}{pattern.pattern}")
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.pattern}", pattern.callback


def _named(view: type, what: str) -> set[str]:
    """What the view asks for, of all methods or of each; something in any case."""
    asked = getattr(view, what, "")
    return set(asked.values()) if isinstance(asked, dict) else {asked}


def _scopes() -> set[str]:
    scopes: dict[str, str] = settings.OAUTH2_PROVIDER["SCOPES"]  # type: ignore[assignment]
    return set(scopes)


def _permissions() -> set[str]:
    found = set()
    for model in apps.get_models():
        options = model._meta
        own = [codename for codename, _ in options.permissions]
        found |= {f"{options.app_label}.{name}" for name in own}
        found |= {f"{options.app_label}.{action}_{options.model_name}" for action in options.default_permissions}
    return found


def _asked(operation: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """The names that a request of this operation may carry, in its query or body."""
    names = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rsplit("/", 1)[-1]
        body = schema["components"]["schemas"].get(name, content["schema"])
        names |= set(body.get("properties", ()))
    return names


def _decorators(view: ast.FunctionDef) -> list[str]:
    return [ast.unparse(decorator).split("(")[0] for decorator in view.decorator_list]


def _is_a_page(view: ast.FunctionDef) -> bool:
    return "page" in _decorators(view)


def _shows_a_person(view: ast.FunctionDef) -> bool:
    return "customer_id" in {argument.arg for argument in view.args.args}


def _admits(view: ast.FunctionDef) -> bool:
    return "admitted" in _decorators(view)
