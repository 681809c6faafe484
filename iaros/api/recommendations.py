"""`GET intelligence/recommendations`, the route that is asked most: a partner's plain question is read and answered
without serializers. Whatever else is asked, and every refusal, goes the way of the other routes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from iaros import intelligence
from iaros.api.callers import Caller
from iaros.api.intelligence import RecommendationAnswerSerializer, RecommendationQuerySerializer
from iaros.api.people import customer_named, reader_for, said
from iaros.lib.purposes import Channel, Purpose
from recommendations.models import ItemKind

_ONE_OF: dict[str, frozenset[str]] = {
    "purpose": frozenset(Purpose.values),
    "channel": frozenset(Channel.values),
    "kind": frozenset(ItemKind.values),
    "limit": frozenset(map(str, range(1, 51))),
}
_USUAL = 10
_ID_LETTERS = 36


class RecommendationsView(APIView):
    """What to offer, best first, each with its reason. Where no model serves, `fallback_level` says what did."""

    scope = "recommendations:read"
    permission = "accounts.view_customer_360"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = plainly_asked(request, self.scope)
        if asked is None:
            return super().dispatch(request, *args, **kwargs)
        try:
            return HttpResponse(as_json(_offers(request, asked)), content_type="application/json")
        except Exception as error:
            return self._refused(request, error)

    def _refused(self, request: HttpRequest, error: Exception) -> HttpResponseBase:
        """The refusal as the other routes say it; what is none is raised on."""
        self.args, self.kwargs, self.headers = (), {}, self.default_response_headers
        self.request = self.initialize_request(request)
        chosen = self.perform_content_negotiation(self.request, force=True)
        self.request.accepted_renderer, self.request.accepted_media_type = chosen
        return self.finalize_response(self.request, self.handle_exception(error))

    @extend_schema(
        operation_id="read_recommendations",
        parameters=[RecommendationQuerySerializer],
        responses={200: RecommendationAnswerSerializer},
    )
    def get(self, request: Request) -> Response:
        answer = _offers(request._request, said(RecommendationQuerySerializer, request))
        return Response(RecommendationAnswerSerializer(answer).data)


def _offers(request: HttpRequest, data: dict[str, Any]) -> intelligence.Intelligence:
    # An id that was folded into another is followed where it is read.
    customer_id = data.get("customer_id") or customer_named(data)
    return intelligence.offers(
        customer_id, reader=reader_for(request, data), kind=data.get("kind"), limit=data["limit"]
    )


def plainly_asked(request: HttpRequest, scope: str) -> dict[str, Any] | None:
    """What a partner with the scope asks about a customer by id, each thing once and well formed; None otherwise."""
    caller: Caller = request.caller  # type: ignore[attr-defined]
    accepted = request.META.get("HTTP_ACCEPT", "*/*")
    if request.method != "GET" or not caller.client or scope not in caller.scopes:
        return None
    if "*/*" not in accepted and "application/json" not in accepted:
        return None
    said = {name: values[0] for name, values in request.GET.lists() if len(values) == 1}
    told = said.pop("customer_id", "")
    if len(said) + 1 != len(request.GET) or len(told) != _ID_LETTERS or "purpose" not in said:
        return None
    if not all(name in _ONE_OF and value in _ONE_OF[name] for name, value in said.items()):
        return None
    try:
        return {**said, "customer_id": UUID(told), "limit": int(said.get("limit", _USUAL))}
    except ValueError:
        return None


def as_json(answer: intelligence.Intelligence) -> bytes:
    """The answer as `RecommendationAnswerSerializer` has it."""
    told = answer.recommendations
    document = {
        "customer_id": answer.customer_id,
        "purpose": answer.purpose,
        "channel": answer.channel,
        "basis": answer.basis,
        "as_of": answer.as_of,
        "recommendations": {
            "items": told.items,
            "decision_id": told.decision_id,
            "model_version": told.model_version,
            "fallback_level": told.fallback_level,
            "as_of": told.as_of,
            "refused": told.refused,
        },
    }
    return orjson.dumps(document, option=orjson.OPT_UTC_Z)
