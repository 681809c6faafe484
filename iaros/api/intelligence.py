"""The routes about one person. Each names the person and the purpose; `iaros.intelligence` reads, gates and audits."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from iaros import intelligence
from iaros.api.jobs import JobSerializer, accepted, start_for
from iaros.api.people import PersonSerializer, customer_named, reader_of, said
from iaros.lib.queues import Queue
from profiles.api.serializers import CustomerProfileSerializer
from recommendations.api.serializers import KINDS, RecommendationSetSerializer
from segmentation.api.serializers import HeldScoreSerializer, HeldSegmentSerializer

_360 = "accounts.view_customer_360"


class StandingSerializer(serializers.Serializer):
    purpose = serializers.CharField()
    channel = serializers.CharField(allow_blank=True, help_text="empty: all channels")
    state = serializers.CharField()
    since_at = serializers.DateTimeField()


class AnswerSerializer(serializers.Serializer):
    """Whom the answer is about, for which purpose, and on which ground of Article 6 GDPR."""

    customer_id = serializers.UUIDField()
    purpose = serializers.CharField()
    channel = serializers.CharField(allow_null=True)
    basis = serializers.CharField()
    as_of = serializers.DateTimeField()


class ProfileRequestSerializer(PersonSerializer):
    expand = serializers.MultipleChoiceField(
        choices=[part for part in intelligence.EXPANDABLE if part != "profile"], required=False
    )
    reveal = serializers.BooleanField(required=False, help_text="names and contacts unmasked, where allowed")
    as_of = serializers.DateTimeField(
        required=False, help_text="the profile as it was known at this moment; the other parts are of now"
    )


class ProfileAnswerSerializer(AnswerSerializer):
    profile = CustomerProfileSerializer()
    segments = HeldSegmentSerializer(many=True, allow_null=True)
    scores = HeldScoreSerializer(many=True, allow_null=True)
    recommendations = RecommendationSetSerializer(allow_null=True)
    consent = StandingSerializer(many=True, allow_null=True)


class SegmentAnswerSerializer(AnswerSerializer):
    segments = HeldSegmentSerializer(many=True)


class ScoreRequestSerializer(PersonSerializer):
    names = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=100, help_text="empty: all scores"
    )


class ScoreAnswerSerializer(AnswerSerializer):
    scores = HeldScoreSerializer(many=True)


class RecommendationQuerySerializer(PersonSerializer):
    kind = serializers.ChoiceField(KINDS, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=50, default=10)


class RecommendationAnswerSerializer(AnswerSerializer):
    recommendations = RecommendationSetSerializer()


def _read(request: Request, data: dict[str, Any], *, expand: list[str]) -> intelligence.Intelligence:
    reader = reader_of(request, data)
    return intelligence.customer(customer_named(data), reader=reader, expand=expand, known_at=data.get("as_of"))


class ProfileView(APIView):
    """The golden profile with the origin of each value; `expand` adds the other parts."""

    scope = "profiles:read"
    permission = _360

    @extend_schema(
        operation_id="read_profile",
        request=ProfileRequestSerializer,
        responses={200: ProfileAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        data = said(ProfileRequestSerializer, request)
        answer = _read(request, data, expand=["profile", *data.get("expand", ())])
        return Response(ProfileAnswerSerializer(answer).data)


class SegmentView(APIView):
    """The segments a customer is in, since when and why."""

    scope = "segments:read"
    permission = _360

    @extend_schema(operation_id="read_segments", request=PersonSerializer, responses={200: SegmentAnswerSerializer})
    def post(self, request: Request) -> Response:
        answer = _read(request, said(PersonSerializer, request), expand=["segments"])
        return Response(SegmentAnswerSerializer(answer).data)


class ScoreView(APIView):
    """Scores with interval, reasons and model version. A model without a champion gives no score; see models/status."""

    scope = "scores:read"
    permission = _360

    @extend_schema(operation_id="read_scores", request=ScoreRequestSerializer, responses={200: ScoreAnswerSerializer})
    def post(self, request: Request) -> Response:
        data = said(ScoreRequestSerializer, request)
        answer = ScoreAnswerSerializer(_read(request, data, expand=["scores"])).data
        if data.get("names"):
            answer["scores"] = [score for score in answer["scores"] if score["name"] in data["names"]]
        return Response(answer)


class EnrichView(APIView):
    """Read a customer's records again and recompute profile, features, scores and segments: a job."""

    scope = "profiles:write"
    permission = "accounts.run_jobs"

    @extend_schema(operation_id="enrich_customer", request=PersonSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        data = said(PersonSerializer, request)
        reader, customer_id = reader_of(request, data), customer_named(data)
        intelligence.admit(customer_id, reader)
        job = start_for(
            request,
            "customer.enrich",
            {"customer_id": str(customer_id)},
            task="iaros.api.tasks.enrich_customer",
            queue=Queue.REALTIME,
        )
        intelligence.note("enrich", reader, [customer_id], job=str(job.id))
        return accepted(job)
