"""Files and events that are sent to us: batches of partners, in one piece or in parts, and webhooks of providers.

Whatever is answered with 202 is committed. A batch is named by its sender (`batch`), so that one that broke off is
taken up where it was: a part says which bytes it holds (`Content-Range`), and GET says how far it came.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, AuthenticationFailed, NotFound, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from iaros.api.callers import Caller, caller_on
from iaros.lib.models import Job
from profiles import deliveries
from profiles.models import Delivery, Way
from profiles.sources import signatures
from profiles.sources.catalogue import CONNECTORS

_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")
_BATCH = re.compile(r"[A-Za-z0-9._-]{1,100}")


class OutOfOrder(APIException):
    """The part does not go on where the last one ended."""

    status_code = 409
    default_code = "part-out-of-order"


class Replayed(APIException):
    status_code = 409
    default_code = "already-received"
    default_detail = "This delivery came before."


class AnyBytes(BaseParser):
    """The body as it is, whatever its type says."""

    media_type = "*/*"

    # The stubs know only parsers of forms and objects; the view reads `request.data` as bytes.
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return bytes(stream.read())


class BatchSerializer(serializers.Serializer):
    batch = serializers.CharField(help_text="the name the sender gave, or one made from the content")
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not the base class's argument
    received = serializers.IntegerField(help_text="bytes")
    size = serializers.IntegerField(help_text="bytes")
    state = serializers.CharField()
    job = serializers.UUIDField(allow_null=True, help_text="follow it at /api/v1/jobs/")


_NAME = OpenApiParameter("batch", str, description="a name of the sender's own, to go on with a batch that broke off")


class BatchView(APIView):
    """A file of a source in its native format, or as objects a line; gzip and zip are unpacked."""

    scope = "sources:write"
    permission = "profiles.load_files"
    parser_classes = (AnyBytes,)

    @extend_schema(
        operation_id="send_batch",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        parameters=[
            _NAME,
            OpenApiParameter("Content-Range", str, OpenApiParameter.HEADER, description="bytes 0-1048575/5242880"),
        ],
        responses={202: BatchSerializer},
    )
    def post(self, request: Request, name: str) -> Response:
        _known(name)
        body = request._request.body
        starts_at, size = _range(request, len(body))
        caller = caller_on(request)
        batch = _named(request, body)
        asked_by = {"client": caller.client.client_id} if caller.client else {}
        try:
            kept = deliveries.receive(
                body,
                source=name,
                name=batch,
                way=Way.BATCH,
                sender=_sender(caller),
                key=batch,
                starts_at=starts_at,
                size=size,
                owner=caller.user,
                params=asked_by,
            )
        except deliveries.CannotReceive as error:
            raise OutOfOrder(str(error)) from None
        return _told(kept, 202)

    @extend_schema(operation_id="get_batch", parameters=[_NAME], responses=BatchSerializer)
    def get(self, request: Request, name: str) -> Response:
        """How far a batch came: the next part begins with byte `received`."""
        _known(name)
        key, sender = request.query_params.get("batch", ""), _sender(caller_on(request))
        known = Delivery.objects.filter(way=Way.BATCH, sender=sender, source=name, key=key)
        kept = known.first() if _BATCH.fullmatch(key) else None
        if kept is None:
            raise NotFound("No such batch.")
        return _told(kept, 200)


def _known(name: str) -> None:
    if name not in CONNECTORS:
        raise NotFound(f"There is no source {name}.")


def _sender(caller: Caller) -> str:
    return caller.client.client_id if caller.client else caller.key


def _named(request: Request, body: bytes) -> str:
    """The batch's name; without one the same content is the same batch."""
    given = request.query_params.get("batch", "")
    if not given:
        if "Content-Range" in request.headers:
            raise ValidationError({"batch": "A file in parts needs a name: ?batch=..."})
        return hashlib.sha256(body).hexdigest()
    if not _BATCH.fullmatch(given):
        raise ValidationError({"batch": "1 to 100 letters, digits, dots, dashes and underscores."})
    return given


def _range(request: Request, length: int) -> tuple[int, int]:
    """Where the body begins in the file, and how long the file is."""
    told = request.headers.get("Content-Range")
    if told is None:
        return 0, length
    match = _RANGE.fullmatch(told.strip())
    if not match:
        raise ValidationError({"Content-Range": "Expected `bytes first-last/size`."})
    first, last, size = (int(number) for number in match.groups())
    if last - first + 1 != length or last >= size:
        raise ValidationError({"Content-Range": f"It names {last - first + 1} bytes, and the body has {length}."})
    return first, size


def _told(kept: Delivery, status: int) -> Response:
    # A worker may have gone on meanwhile: say what stands.
    job = kept.job_id if kept.job_id and Job.objects.filter(id=kept.job_id).exists() else None
    data = {
        "batch": kept.key,
        "source": kept.source,
        "received": kept.received,
        "size": kept.size,
        "state": kept.state,
        "job": job,
    }
    headers = {"Location": f"/api/v1/jobs/{job}"} if job else {}
    return Response(BatchSerializer(data).data, status=status, headers=headers)


class WebhookView(APIView):
    """What a provider sends of itself. Its signature is the only key; 202 means that it is committed."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (AnyBytes,)

    @extend_schema(
        operation_id="receive_webhook",
        request={"application/json": OpenApiTypes.OBJECT},
        responses={202: BatchSerializer},
        auth=[],
    )
    def post(self, request: Request, name: str) -> Response:
        wanted = settings.WEBHOOKS.get(name)
        if wanted is None or name not in CONNECTORS:
            raise NotFound(f"No webhook is set up for {name}.")
        body, headers = request._request.body, dict(request.headers)
        try:
            signatures.SCHEMES[wanted["scheme"]](body, headers, wanted["secret"])
        except signatures.WrongSignature as error:
            raise AuthenticationFailed(f"The delivery is not signed as it must be: {error}.") from None
        try:
            kept = deliveries.receive_webhook(body, source=name, signed=_signed_with(headers))
        except deliveries.AlreadyReceived:
            raise Replayed from None
        except deliveries.CannotReceive as error:
            raise ValidationError(str(error)) from None
        return _told(kept, 202)

    def get_authenticate_header(self, request: Request) -> str:
        # Without a challenge the framework would answer 403; a wrong signature is a 401.
        return "Signature"


def _signed_with(headers: dict[str, str]) -> str:
    """The headers that signed it: a delivery made anew by its provider carries others."""
    telling = ("signature", "timestamp", "webhook-id")
    return "\n".join(f"{k.lower()}:{v}" for k, v in sorted(headers.items()) if any(t in k.lower() for t in telling))
