"""The routes of analytics. Without a person they add everybody up, under the gate of `analytics`; with one they read
that person for the purpose named, and leave an audit row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics import behaviour, churn, journeys, lifetime_value
from analytics.api.serializers import (
    BehaviourSerializer,
    ChurnRiskSerializer,
    JourneySerializer,
    LifetimeValueSerializer,
    SegmentMoveSerializer,
)
from analytics.segment_moves import segment_moves
from iaros import intelligence
from iaros.api.pagination import CursorPages
from iaros.api.people import NAMED_BY, PersonSerializer, customer_named, reader_of, said
from iaros.lib.purposes import Purpose
from segmentation.models import Segment

T = TypeVar("T")


class EverybodyOrOneSerializer(PersonSerializer):
    """Nobody named: everybody together, for which the purpose is analytics."""

    purpose = serializers.ChoiceField(Purpose.choices, default=Purpose.ANALYTICS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return super().validate(attrs) if any(name in attrs for name in NAMED_BY) else attrs


class _AnalyticsView(APIView):
    scope = "analytics:read"
    permission = "accounts.view_customer_360"

    def read(self, request: Request, what: str, ask: Callable[[UUID | None], T]) -> tuple[T, bool]:
        """What `ask` says of the person named in the query, or of everybody; and whether somebody was named."""
        data = said(EverybodyOrOneSerializer, request)
        reader = reader_of(request, data)
        timeout = settings.INTELLIGENCE.profile.processing_timeout
        if not any(name in data for name in NAMED_BY):
            # Adding up everybody is work of another size than reading one.
            with intelligence.within(10 * timeout):
                return ask(None), False
        customer_id = customer_named(data)
        intelligence.admit(customer_id, reader)
        with intelligence.within(timeout):
            found = ask(customer_id)
            intelligence.note(f"read {what}", reader, [customer_id])
        return found, True


class BehaviorView(_AnalyticsView):
    """The weekly funnel, channels, look-to-book, and how long ahead people book."""

    @extend_schema(operation_id="behavior", parameters=[EverybodyOrOneSerializer], responses=BehaviourSerializer)
    def get(self, request: Request) -> Response:
        found, _ = self.read(request, "behaviour", behaviour.behaviour)
        return Response(BehaviourSerializer(found).data)


class JourneyView(_AnalyticsView):
    """From a search to a flight: the stages and how many come through, or one person's trips."""

    @extend_schema(operation_id="journey", parameters=[EverybodyOrOneSerializer], responses=JourneySerializer)
    def get(self, request: Request) -> Response:
        found, _ = self.read(request, "journey", journeys.journey)
        return Response(JourneySerializer(found).data)


class LifetimeValueView(_AnalyticsView):
    """What customers are worth in the next twelve months; what they paid where no model serves."""

    @extend_schema(
        operation_id="lifetime_value", parameters=[EverybodyOrOneSerializer], responses=LifetimeValueSerializer
    )
    def get(self, request: Request) -> Response:
        ask = either(lifetime_value.lifetime_value, lifetime_value.customer_value)
        return Response(LifetimeValueSerializer(_told(self.read(request, "lifetime value", ask))).data)


class ChurnRiskView(_AnalyticsView):
    """Who may not come back and what goes with them; "no champion" where no model serves."""

    @extend_schema(operation_id="churn_risk", parameters=[EverybodyOrOneSerializer], responses=ChurnRiskSerializer)
    def get(self, request: Request) -> Response:
        ask = either(churn.churn_risk, churn.customer_risk)
        return Response(ChurnRiskSerializer(_told(self.read(request, "churn risk", ask))).data)


def either(everybody: Callable[[], Any], one: Callable[[UUID], Any]) -> Callable[[UUID | None], Any]:
    return lambda customer_id: one(customer_id) if customer_id else everybody()


def _told(answer: tuple[Any, bool]) -> dict[str, Any]:
    found, somebody = answer
    return {"everybody": None if somebody else found, "customer": found if somebody else None}


class SegmentsView(GenericAPIView[Segment]):
    """Every published segment with its size, its reach, and who came and went lately."""

    scope = "analytics:read"
    permission = "segmentation.view_segment"
    pagination_class = CursorPages
    serializer_class = SegmentMoveSerializer

    @extend_schema(operation_id="segments", responses=SegmentMoveSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(Segment.objects.published().order_by("position", "id")) or []
        moves = {move.id: move for move in segment_moves()}
        return self.get_paginated_response(
            SegmentMoveSerializer([moves[segment.id] for segment in page], many=True).data
        )
