"""One shape for every error: RFC 9457 `application/problem+json`. `instance` is the request id."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import Error, ErrorResponse
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from iaros.intelligence import ConsentRequired, NotForThisPurpose, TookTooLong, UnknownCustomer

MEDIA_TYPE = "application/problem+json"


class ProblemErrorSerializer(serializers.Serializer):
    pointer = serializers.CharField(required=False, help_text="JSON pointer into the body")
    parameter = serializers.CharField(required=False, help_text="name of the query parameter")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """RFC 9457."""

    type = serializers.CharField(help_text="urn:iaros:problem:<code>; docs/api.md lists them")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField(help_text="the request id, also in X-Request-ID")
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]


def problem(*, code: str, status: int, detail: str, request_id: str, errors: list[Any] | None = None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": f"urn:iaros:problem:{code.replace('_', '-')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request_id,
    }
    return document | ({"errors": errors} if errors else {})


def problem_response(request: HttpRequest, *, code: str, status: int, detail: str) -> HttpResponse:
    """The same answer for what is refused before a view is reached."""
    request_id = getattr(request, "request_id", "")
    body = problem(code=code, status=status, detail=detail, request_id=request_id)
    return HttpResponse(orjson.dumps(body), status=status, content_type=MEDIA_TYPE)


class ProblemFormatter(ExceptionFormatter):
    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        request = self.context["request"]
        request_id = getattr(getattr(request, "_request", None), "request_id", "")
        invalid = isinstance(self.exc, exceptions.ValidationError)
        first = error_response.errors[0] if error_response.errors else Error("invalid", "", None)
        in_query = request is not None and request.method in ("GET", "HEAD")
        return problem(
            code="invalid" if invalid else first.code,
            status=self.exc.status_code,
            detail="The request does not say what it must; see errors." if invalid else first.detail,
            request_id=request_id,
            errors=[_place(error, in_query) for error in error_response.errors] if invalid else None,
        )


def _place(error: Error, in_query: bool) -> dict[str, str]:
    told = {"code": error.code, "detail": error.detail}
    if error.attr is None or error.attr == "non_field_errors":
        return told
    if in_query:
        return {"parameter": error.attr, **told}
    return {"pointer": "/" + error.attr.replace(".", "/"), **told}


class ConsentMissing(exceptions.PermissionDenied):
    default_code = "consent-required"


class TimedOut(exceptions.APIException):
    status_code = 503
    default_code = "timed-out"
    default_detail = "It took longer than the airline allows; ask again."
    wait = 1


class ProblemHandler(ExceptionHandler):
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """What the domain refuses, as HTTP says it."""
        if isinstance(exc, UnknownCustomer):
            return exceptions.NotFound("No such customer.")
        if isinstance(exc, ConsentRequired):
            return ConsentMissing(str(exc))
        if isinstance(exc, NotForThisPurpose):
            return exceptions.PermissionDenied(str(exc), code="purpose-not-allowed")
        return TimedOut() if isinstance(exc, TookTooLong) else super().convert_known_exceptions(exc)

    def report_exception(self, exc: exceptions.APIException, response: Response) -> None:
        response.content_type = MEDIA_TYPE
        super().report_exception(exc, response)
