"""OpenAPI 3.1, as drf-spectacular reads it from the views: one problem shape and two ways to sign in."""

from __future__ import annotations

from typing import Any, Literal

from django.conf import settings
from drf_spectacular.authentication import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from iaros.api.callers import asked_of
from iaros.api.problems import MEDIA_TYPE, ProblemSerializer

_PROBLEMS = {
    "400": "The request does not say what it must.",
    "401": "No token, or one that is unknown or expired.",
    "403": "The scope, the permission, the purpose or the consent is missing.",
    "404": "Nothing there that the caller may know of.",
    "406": "Only application/json is spoken.",
    "409": "The first request with this Idempotency-Key is still being carried out.",
    "415": "Only application/json is read.",
    "422": "This Idempotency-Key was used with another request.",
    "429": "The minute's budget is spent; see Retry-After.",
    "503": "It took longer than the airline allows; ask again.",
}
_POST_ONLY = {"409", "415", "422"}
_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
    OpenApiParameter.HEADER,
    description="The same key within 24 hours carries the request out once.",
)


class ProblemSchema(AutoSchema):
    """Every operation may end in a problem; every POST takes an Idempotency-Key."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status, description in _PROBLEMS.items():
            if status not in bodies and (self.method == "POST" or status not in _POST_ONLY):
                told = self._get_response_for_code(ProblemSerializer, status, [MEDIA_TYPE], direction)
                bodies[status] = told | {"description": description}
        return bodies

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *([_KEY] if self.method == "POST" else [])]


class CallerScheme(OpenApiAuthenticationExtension):
    target_class = "iaros.api.callers.CallerAuthentication"
    name = ["oauth2", "session"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        """The scope a token needs here; a person's session needs the view's permission."""
        scope = asked_of(auto_schema.view, "scope", auto_schema.method)
        return [{"oauth2": [scope]}, {"session": []}] if scope else []

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        flow = {"tokenUrl": "/oauth2/token", "scopes": settings.OAUTH2_PROVIDER["SCOPES"]}
        return [
            {"type": "oauth2", "flows": {"clientCredentials": flow}},
            {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
        ]
