"""`Idempotency-Key`: the same POST sent twice is carried out once.

The row is written before the work begins. A started job (202) is answered again as it was; what reads a person is
read again, so that no copy of a person lies here and a consent withdrawn meanwhile counts. Failures leave no trace.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from iaros.api.models import IdempotentRequest
from iaros.api.problems import problem_response

KEPT_FOR = timedelta(hours=24)
# A request in flight longer than this has lost its process; the next one with the key takes over.
ABANDONED_AFTER = timedelta(minutes=10)
REPLAYED = "Idempotency-Replayed"
_WELL_FORMED = re.compile(r"[\x21-\x7e]{1,255}")

Serve = Callable[[HttpRequest], HttpResponse]


def once(request: HttpRequest, caller: str, serve: Serve) -> HttpResponse:
    """Serve the request, or say how the same one ended before."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST" or not caller:
        return serve(request)
    if not _WELL_FORMED.fullmatch(key):
        detail = "Idempotency-Key is 1 to 255 visible ASCII characters."
        return problem_response(request, code="invalid-idempotency-key", status=400, detail=detail)
    fingerprint = _fingerprint(request)
    mine, row = _claim(caller, key, fingerprint)
    if mine:
        return _carry_out(request, row, serve)
    if bytes(row.fingerprint) != fingerprint:
        detail = "This Idempotency-Key was used with another request."
        return problem_response(request, code="idempotency-key-reused", status=422, detail=detail)
    if row.finished_at is None:
        detail = "The first request with this Idempotency-Key is still being carried out."
        response = problem_response(request, code="request-in-flight", status=409, detail=detail)
        response["Retry-After"] = "1"
        return response
    response = serve(request) if row.body is None else _as_it_was(row)
    response[REPLAYED] = "true"
    return response


def _fingerprint(request: HttpRequest) -> bytes:
    said = b"\0".join([(request.method or "").encode(), request.get_full_path().encode(), request.body])
    return salted_hmac("iaros.api.idempotency", said, algorithm="sha256").digest()


def _claim(caller: str, key: str, fingerprint: bytes) -> tuple[bool, IdempotentRequest]:
    """Write the row, or find the one that stands; a stale one is cleared away first."""
    now = timezone.now()
    named = IdempotentRequest.objects.filter(caller=caller, key=key)
    named.filter(begun_at__lt=now - KEPT_FOR).delete()
    named.filter(begun_at__lt=now - ABANDONED_AFTER, finished_at__isnull=True).delete()
    row, mine = IdempotentRequest.objects.get_or_create(
        caller=caller, key=key, defaults={"fingerprint": fingerprint, "begun_at": now}
    )
    return mine, row


def _carry_out(request: HttpRequest, row: IdempotentRequest, serve: Serve) -> HttpResponse:
    try:
        response = serve(request)
    except BaseException:
        row.delete()
        raise
    if response.status_code >= 400:
        row.delete()
        return response
    row.status, row.finished_at = response.status_code, timezone.now()
    if response.status_code == 202:
        row.body, row.location = response.content, response.get("Location", "")
    row.save(update_fields=["status", "finished_at", "body", "location"])
    return response


def _as_it_was(row: IdempotentRequest) -> HttpResponse:
    response = HttpResponse(bytes(row.body or b""), status=row.status or 202, content_type="application/json")
    if row.location:
        response["Location"] = row.location
    return response


def forget_old() -> int:
    """Delete what is older than a day; returns how many. Called once an hour by the schedule."""
    return IdempotentRequest.objects.filter(begun_at__lt=timezone.now() - KEPT_FOR).delete()[0]
