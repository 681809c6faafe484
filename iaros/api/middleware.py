"""The API's own chain, slimmer than the pages': it answers its paths itself, and what follows it in MIDDLEWARE
(sessions, messages, htmx, access log) never runs for them.

In order: request id, caller, budget, idempotency, the view, conditional GET, headers, one latency observation.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from prometheus_client import Histogram

from iaros.api import idempotency, rate
from iaros.api.callers import caller_of
from iaros.api.problems import MEDIA_TYPE, problem_response
from iaros.lib.ids import uuid7

PREFIX = "/api/"
# The Swagger page is a page: it gets the pages' chain with its content security policy.
PAGES = ("/api/v1/docs/",)
TOKEN = "/oauth2/"
PROBES = ("/livez", "/readyz", "/metrics")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_SECONDS = Histogram(
    "iaros_api_request_seconds",
    "Time to answer a request of the API",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
log = logging.getLogger(__name__)

Serve = Callable[[HttpRequest], HttpResponse]


class _Views(BaseHandler):
    """Django's view dispatch with no middleware around it."""

    def __init__(self) -> None:
        # The lists that load_middleware would fill.
        none: list[Any] = []
        self._view_middleware = self._template_response_middleware = self._exception_middleware = none
        self.serve: Serve = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined, assignment]


class ApiChain:
    def __init__(self, get_response: Serve) -> None:
        self.pages = get_response
        self.views = _Views().serve

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path in PROBES:
            return self.views(request)
        if path.startswith(TOKEN):
            return self._token(request)
        if path.startswith(PREFIX) and path not in PAGES:
            return self._answer(request)
        return self.pages(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        request.request_id = _request_id(request)  # type: ignore[attr-defined]
        try:
            # Times leave in UTC; the airline's own zone is for its pages.
            with timezone.override(UTC):
                response = self._within_budget(request)
        except RequestDataTooBig:
            detail = f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes."
            response = problem_response(request, code="body-too-large", status=413, detail=detail)
        except Exception:
            log.exception("the API failed outside of its views")
            response = problem_response(request, code="error", status=500, detail="Something failed here.")
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        response["X-Content-Type-Options"] = "nosniff"
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        route = request.resolver_match.route if request.resolver_match else "none"
        _SECONDS.labels(request.method, route, response.status_code).observe(time.perf_counter() - began)
        return response

    def _within_budget(self, request: HttpRequest) -> HttpResponse:
        caller = request.caller = caller_of(request)  # type: ignore[attr-defined]
        quota = settings.API_REQUESTS_PER_MINUTE if caller.known else settings.API_ANONYMOUS_REQUESTS_PER_MINUTE
        budget = rate.spend("requests", caller.key or rate.address_of(request), quota)
        if budget and budget.exceeded:
            detail = f"More than {quota} requests in a minute."
            response = problem_response(request, code="throttled", status=429, detail=detail)
        else:
            response = _conditional(request, idempotency.once(request, caller.key, self._view))
        if budget:
            budget.write_on(response)
        return response

    def _view(self, request: HttpRequest) -> HttpResponse:
        """An answer of the views is always of our own shape, also where Django itself refused the request."""
        response = self.views(request)
        if response.status_code >= 400 and response.headers.get("Content-Type", "").startswith("text/html"):
            detail = "The request could not be read." if response.status_code < 500 else "Something failed here."
            return problem_response(request, code="error", status=response.status_code, detail=detail)
        return response

    def _token(self, request: HttpRequest) -> HttpResponse:
        budget = rate.spend("tokens", rate.address_of(request), settings.API_TOKENS_PER_MINUTE)
        if budget and budget.exceeded:
            request.request_id = _request_id(request)  # type: ignore[attr-defined]
            response = problem_response(request, code="throttled", status=429, detail="Too many tokens asked for.")
        else:
            response = self.views(request)
        if budget:
            budget.write_on(response)
        return response


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid7())


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """ETag on every GET that answers 200; 304 when the caller has it already."""
    patch_vary_headers(response, ["Authorization", "Cookie", "Accept"])
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if request.method not in ("GET", "HEAD") or response.status_code != 200 or response.streaming:
        return response
    if response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
        return response
    etag = f'"{hashlib.blake2b(response.content, digest_size=12).hexdigest()}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
