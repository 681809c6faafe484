"""Who is calling: a partner's system with a bearer token, or an analyst with the session of the pages.

A token is looked up by its checksum on every request, so that a revoked one stops working at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from iaros.accounts.models import ApiClient, User

if TYPE_CHECKING:
    # The views import this module by its name in the settings, so it cannot import them.
    from rest_framework.views import APIView

_OF_CLIENT = ("id", "client_id", "name", "scopes", "purposes")  # its other fields are read when somebody asks
_TOKEN_SQL = """
SELECT t.expires, t.scope, a.id, a.client_id, a.name, a.scopes, a.purposes
FROM oauth2_provider_accesstoken t
JOIN accounts_apiclient a ON a.id = t.application_id
WHERE t.token_checksum = %s
"""


@dataclass(frozen=True)
class Caller:
    """The one who asks. `scopes` are those of the token; a signed-in person has permissions instead."""

    user: User | None = None
    client: ApiClient | None = None
    scopes: frozenset[str] = frozenset()
    refusal: str = ""

    @property
    def known(self) -> bool:
        return bool(self.user or self.client)

    @property
    def key(self) -> str:
        """A name for budgets and idempotency keys; empty for nobody."""
        if self.client:
            return f"client:{self.client.pk}"
        return f"user:{self.user.pk}" if self.user else ""


NOBODY = Caller()


def caller_of(request: HttpRequest) -> Caller:
    """Read the caller from the request; never raises. A wrong token is a Caller with a refusal."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not token.strip():
            return Caller(refusal="Send the token as `Authorization: Bearer <token>`.")
        return _by_token(token.strip())
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return _by_session(request, session_key) if session_key else NOBODY


def caller_on(request: Request) -> Caller:
    """The caller whom the chain found for this request."""
    caller: Caller = request._request.caller  # type: ignore[attr-defined]
    return caller


def _by_token(token: str) -> Caller:
    checksum = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_TOKEN_SQL, [checksum])
        found = cursor.fetchone()
    if found is None:
        return Caller(refusal="The token is unknown.")
    expires, scope, *of_client = found
    if expires <= timezone.now():
        return Caller(refusal="The token has expired.")
    client = ApiClient.from_db(connection.alias, _OF_CLIENT, of_client)
    return Caller(client=client, scopes=frozenset(scope.split()) & frozenset(client.scopes))


def _by_session(request: HttpRequest, session_key: str) -> Caller:
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return Caller(user=user) if isinstance(user, User) and user.is_active else NOBODY


class CallerAuthentication(BaseAuthentication):
    """Hands the views `request.user` (a person or nobody) and `request.auth` (the ApiClient or None)."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        caller = caller_on(request)
        if caller.refusal:
            raise AuthenticationFailed(caller.refusal)
        if caller.client:
            return None, caller.client
        if caller.user:
            _require_csrf_token(request)
            return caller.user, None
        return None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="iaros"'


def _require_csrf_token(request: Request) -> None:
    check = CSRFCheck(lambda _: None)  # type: ignore[arg-type, return-value]
    check.process_request(request._request)
    reason = check.process_view(request._request, None, (), {})  # type: ignore[arg-type]
    if reason:
        raise PermissionDenied(f"CSRF: {reason}", code="csrf_failed")


class ScopeOrPermission(BasePermission):
    """A client needs the view's `scope`, a person its `permission`. A view that names neither is closed.

    Either is a string, or a mapping from the HTTP method.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        caller = caller_on(request)
        if caller.client:
            scope = asked_of(view, "scope", request.method)
            if scope and scope in caller.scopes:
                return True
            self.message = f"The token lacks the scope {scope}."
            return False
        permission = asked_of(view, "permission", request.method)
        return bool(caller.user and permission and caller.user.has_perm(permission))


def asked_of(view: APIView, what: str, method: str | None) -> str:
    """The scope or permission that this view asks for."""
    asked = getattr(view, what, "")
    method = "GET" if method in ("HEAD", "OPTIONS", None) else method
    return str(asked.get(method, "") if isinstance(asked, dict) else asked)
