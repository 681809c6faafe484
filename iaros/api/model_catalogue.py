"""The routes about models: what serves, how good it was measured to be, train again, put into service."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from iaros.api.callers import caller_on
from iaros.api.jobs import JobSerializer, accepted, start_for
from iaros.api.pagination import CursorPages
from iaros.api.people import said
from iaros.lib import clock
from iaros.lib.queues import Queue
from recommendations import selectors as recommendations
from segmentation.api.serializers import ModelStatusSerializer, ModelVersionSerializer
from segmentation.ml.catalogue import SPECS
from segmentation.models import Alias, ModelAlias, ModelVersion, VersionStatus

_SEE = "accounts.view_customer_360"


class AlgorithmSerializer(serializers.Serializer):
    name = serializers.CharField()
    state = serializers.CharField()


class RecommenderStatusSerializer(serializers.Serializer):
    """What serves for one kind of offer."""

    name = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField()
    version = serializers.CharField(allow_blank=True)
    policy = serializers.CharField(allow_blank=True)
    as_of = serializers.DateTimeField(allow_null=True)
    trained_at = serializers.DateTimeField(allow_null=True)
    metrics = serializers.JSONField()
    algorithms = AlgorithmSerializer(many=True)


class CatalogueSerializer(serializers.Serializer):
    results = ModelStatusSerializer(many=True)
    recommenders = RecommenderStatusSerializer(many=True)


class VersionQuerySerializer(serializers.Serializer):
    model = serializers.ChoiceField(sorted(SPECS), required=False)


class RetrainSerializer(serializers.Serializer):
    model = serializers.ChoiceField(sorted(SPECS))
    as_of = serializers.DateTimeField(required=False, help_text="learn from nothing later; default now")


class DeploySerializer(serializers.Serializer):
    model = serializers.ChoiceField(sorted(SPECS))
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="default: the newest that passed its gate"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        trained = ModelVersion.objects.filter(name=attrs["model"])
        if "version" in attrs:
            chosen = trained.filter(number=attrs["version"])
        else:
            chosen = trained.filter(status=VersionStatus.PASSED)
        version = chosen.order_by("-number").values_list("number", flat=True).first()
        if version is None:
            raise serializers.ValidationError({"version": "There is no such version."}, code="no_such_version")
        return {**attrs, "version": version}


class StatusView(APIView):
    """Every model of the catalogue and the version that serves, or "no champion"; and the recommenders."""

    scope = "models:read"
    permission = _SEE

    @extend_schema(operation_id="model_status", responses={200: CatalogueSerializer})
    def get(self, request: Request) -> Response:
        speaking = _speaking()
        answer = {
            "results": [_status(name, speaking) for name in SPECS],
            "recommenders": recommendations.recommender_status(),
        }
        return Response(CatalogueSerializer(answer).data)


def _status(name: str, speaking: dict[tuple[str, str], ModelVersion]) -> dict[str, Any]:
    spec, champion = SPECS[name], speaking.get((name, Alias.CHAMPION))
    return {
        "name": spec.name,
        "title": spec.title,
        "question": spec.question,
        "entity": spec.entity,
        "horizon_days": spec.horizon_days,
        "state": "serving" if champion else "no champion",
        "champion": champion,
        "challenger": speaking.get((name, Alias.CHALLENGER)),
    }


def _speaking() -> dict[tuple[str, str], ModelVersion]:
    """Who stands behind each name and alias, in one statement and without the trees."""
    newest = ModelAlias.objects.order_by("name", "alias", "-since", "-id").distinct("name", "alias")
    return {(row.name, row.alias): row.version for row in newest.select_related("version").defer("version__artifact")}


class PerformanceView(GenericAPIView[ModelVersion]):
    """Every training, newest first, with the figures of its time split and what its gate said."""

    scope = "models:read"
    permission = _SEE
    serializer_class = ModelVersionSerializer
    pagination_class = CursorPages

    @extend_schema(
        operation_id="model_performance",
        parameters=[VersionQuerySerializer],
        responses=ModelVersionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = said(VersionQuerySerializer, request)
        versions = ModelVersion.objects.defer("artifact").filter(name__in=[asked["model"]] if asked else list(SPECS))
        page = self.paginate_queryset(versions.order_by("-created_at", "-id")) or []
        holders = {version.id: alias for (_, alias), version in _speaking().items()}
        for version in page:
            version.alias = holders.get(version.id)  # type: ignore[attr-defined]
            version.checks = version.gate.get("checks", [])  # type: ignore[attr-defined]
        return self.get_paginated_response(ModelVersionSerializer(page, many=True).data)


class RetrainView(APIView):
    """Train a new version on everything known by now: a job. It serves only if it passes its gate."""

    scope = "models:write"
    permission = "accounts.manage_models"

    @extend_schema(operation_id="retrain_model", request=RetrainSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        asked = said(RetrainSerializer, request)
        as_of = asked.get("as_of") or clock.now()
        params = {"model": asked["model"], "as_of": as_of.isoformat(), "by": _name_of(request)}
        job = start_for(request, "model.retrain", params, task="segmentation.tasks.retrain", queue=Queue.TRAINING)
        return accepted(job)


class DeployView(APIView):
    """Make a version the champion: a job, which fails with the reason when the version is short of its gate."""

    scope = "models:write"
    permission = "accounts.manage_models"

    @extend_schema(operation_id="deploy_model", request=DeploySerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        params = {**said(DeploySerializer, request), "by": _name_of(request)}
        job = start_for(request, "model.deploy", params, task="iaros.api.tasks.deploy", queue=Queue.REALTIME)
        return accepted(job)


def _name_of(request: Request) -> str:
    caller = caller_on(request)
    return str(caller.client) if caller.client else caller.user.get_username() if caller.user else ""
