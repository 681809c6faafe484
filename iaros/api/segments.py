"""The routes about segments: list and make them, count a rule before it is saved, read members, and ask why.

Members leave for the segment's own purpose, or to be analysed; the gate of the purpose named is part of the query.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from iaros import intelligence
from iaros.api.callers import caller_on
from iaros.api.jobs import JobSerializer, accepted
from iaros.api.pagination import CursorPages
from iaros.api.people import PersonSerializer, PurposeSerializer, customer_named, reader_of, said
from iaros.lib.purposes import Channel, Purpose
from privacy import consent
from segmentation import pipeline, selectors
from segmentation.api.serializers import (
    ExplanationSerializer,
    NewSegmentSerializer,
    OverlapSerializer,
    PreviewRequestSerializer,
    PreviewSerializer,
    ReachSerializer,
    SegmentSerializer,
)
from segmentation.models import Segment, SegmentKind, SegmentStatus, SegmentVersion
from segmentation.segments import overlap, publishing, reach, rules

PREVIEW_SECONDS = 2.0
_SEE = "segmentation.view_segment"
_PEOPLE = "accounts.view_customer_360"


class SegmentQuerySerializer(serializers.Serializer):
    status = serializers.ChoiceField(SegmentStatus.choices, required=False)
    kind = serializers.ChoiceField(SegmentKind.choices, required=False)


class MembersQuerySerializer(PurposeSerializer):
    cursor = serializers.UUIDField(required=False, help_text="as `next` names it")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=1000, default=50)


class MemberSerializer(serializers.Serializer):
    customer_id = serializers.UUIDField()


class MembersSerializer(serializers.Serializer):
    """Members who may be used for the purpose, and where the next are."""

    next = serializers.URLField(allow_null=True)
    results = MemberSerializer(many=True)


def _told(segment: Segment, version: SegmentVersion | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: getattr(segment, name)
        for name in SegmentSerializer().get_fields()
        if name not in ("sentence", "version", "rule", "depends_on")
    }
    return told | {
        "sentence": version.sentence if version else "",
        "version": version.number if version else 0,
        "rule": version.rule if version else None,
        "depends_on": version.depends_on if version else [],
    }


def segment_named(slug: str) -> Segment:
    found = Segment.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound("No such segment.")
    return found


def _read_rule(error: rules.InvalidRule) -> ValidationError:
    return ValidationError({"rule": error.errors}, code="invalid_rule")


def may_name(request: Request, purpose: Purpose) -> None:
    client = caller_on(request).client
    if client and not client.allows(purpose):
        raise PermissionDenied(f"This client may not ask for the purpose {purpose}.", code="purpose-not-allowed")


def _sees_people(request: Request) -> bool:
    caller = caller_on(request)
    return bool(caller.client or (caller.user and caller.user.has_perm(_PEOPLE)))


class SegmentListView(GenericAPIView[Segment]):
    """Every segment with its rule in words, its size and its reach."""

    scope = {"GET": "segments:read", "POST": "segments:write"}
    permission = {"GET": _SEE, "POST": "segmentation.add_segment"}
    pagination_class = CursorPages
    serializer_class = SegmentSerializer

    @extend_schema(
        operation_id="list_segments", parameters=[SegmentQuerySerializer], responses=SegmentSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        asked = said(SegmentQuerySerializer, request)
        chosen = Segment.objects.filter(**asked) if asked else Segment.objects.published()
        page = self.paginate_queryset(chosen.order_by("position", "id")) or []
        newest = {
            version.segment_id: version
            for version in SegmentVersion.objects.filter(segment__in=page).order_by("segment_id", "number")
        }
        told = [_told(segment, newest.get(segment.id)) for segment in page]
        return self.get_paginated_response(SegmentSerializer(told, many=True).data)

    @extend_schema(operation_id="create_segment", request=NewSegmentSerializer, responses={201: SegmentSerializer})
    def post(self, request: Request) -> Response:
        """Draft a segment, and publish it if asked to: it is counted from the next refresh on."""
        data, caller = said(NewSegmentSerializer, request), caller_on(request)
        publish = data.pop("publish")
        purpose, channel = Purpose(data.pop("purpose")), Channel(data.pop("channel"))
        may_name(request, purpose)
        if publish and caller.user and not caller.user.has_perm("segmentation.publish_segment"):
            raise PermissionDenied("You may draft segments, not publish them.")
        try:
            segment = publishing.draft(**data, purpose=purpose, channel=channel, by=caller.user)
            if publish:
                publishing.publish(segment, by=caller.user)
        except rules.InvalidRule as error:
            raise _read_rule(error) from None
        except publishing.TooManySegments as error:
            raise ValidationError({"publish": str(error)}, code="too_many_segments") from None
        return Response(SegmentSerializer(_told(segment, segment.versions.get())).data, status=201)


class SegmentDetailView(APIView):
    """One segment with the rule that stands."""

    scope = "segments:read"
    permission = _SEE

    @extend_schema(operation_id="get_segment", responses=SegmentSerializer)
    def get(self, request: Request, slug: str) -> Response:
        segment = segment_named(slug)
        return Response(SegmentSerializer(_told(segment, segment.versions.order_by("-number").first())).data)


class SegmentMembersView(APIView):
    """Members whom the purpose (and channel) lets the caller use, page by page in a fixed order."""

    scope = "segments:read"
    permission = _PEOPLE

    @extend_schema(
        operation_id="list_segment_members", parameters=[MembersQuerySerializer], responses=MembersSerializer
    )
    def get(self, request: Request, slug: str) -> Response:
        data, segment = said(MembersQuerySerializer, request), segment_named(slug)
        reader = reader_of(request, data)
        if reader.purpose not in (Purpose(segment.purpose), Purpose.ANALYTICS):
            raise PermissionDenied(f"This segment is for {segment.get_purpose_display()}.", code="purpose-not-allowed")
        limit = data["limit"]
        with intelligence.within(settings.INTELLIGENCE.profile.processing_timeout):
            ids = selectors.segment_members(
                segment, purpose=reader.purpose, channel=reader.channel, after=data.get("cursor"), limit=limit
            )
            intelligence.note("read segment members", reader, ids, segment=slug)
        following = request.build_absolute_uri() if len(ids) == limit else None
        if following:
            following = replace_query_param(following, "cursor", str(ids[-1]))
        answer = {"next": following, "results": [{"customer_id": one} for one in ids]}
        headers = {"Link": f'<{following}>; rel="next"'} if following else None
        return Response(MembersSerializer(answer).data, headers=headers)


class SegmentReachView(APIView):
    """From the members to those who can be exported, step by step."""

    scope = "segments:read"
    permission = _SEE

    @extend_schema(operation_id="get_segment_reach", responses=ReachSerializer)
    def get(self, request: Request, slug: str) -> Response:
        segment = segment_named(slug)
        with intelligence.within(10 * PREVIEW_SECONDS):
            steps = selectors.reach_of(segment)
        return Response(ReachSerializer({"steps": steps}).data)


class SegmentWhyView(APIView):
    """Is this person in, why or why not, until when by the clock, and what is missing to reach them?"""

    scope = "segments:read"
    permission = _PEOPLE

    @extend_schema(operation_id="explain_membership", request=PersonSerializer, responses={200: ExplanationSerializer})
    def post(self, request: Request, slug: str) -> Response:
        segment, data = segment_named(slug), said(PersonSerializer, request)
        reader, customer_id = reader_of(request, data), customer_named(data)
        intelligence.admit(customer_id, reader)
        with intelligence.within(settings.INTELLIGENCE.profile.processing_timeout):
            found = selectors.explain(segment, customer_id)
            intelligence.note("explain membership", reader, [customer_id], segment=slug)
        return Response(ExplanationSerializer(found).data)


class SegmentPreviewView(APIView):
    """Count a rule and whom it would reach, within two seconds; of a large base as an estimate, which says so."""

    scope = "segments:read"
    permission = "segmentation.add_segment"

    @extend_schema(operation_id="preview_segment", request=PreviewRequestSerializer, responses={200: PreviewSerializer})
    def post(self, request: Request) -> Response:
        data = said(PreviewRequestSerializer, request)
        reader = reader_of(request, data)
        purpose, channel = Purpose(data.pop("purpose")), Channel(data.pop("channel"))
        if not _sees_people(request):
            data["examples"] = 0
        try:
            with intelligence.within(PREVIEW_SECONDS):
                found = selectors.preview(**data, purpose=purpose, channel=channel)
                shown = [one for one in found.members if consent.decide(one.customer_id, purpose, channel).allowed]
                if shown:
                    intelligence.note("preview segment", reader, [one.customer_id for one in shown])
        except rules.InvalidRule as error:
            raise _read_rule(error) from None
        return Response(PreviewSerializer(replace(found, members=shown)).data)


class SegmentCountView(APIView):
    """The same over everybody, as a job: follow it, or cancel it, at /api/v1/jobs/."""

    scope = "segments:read"
    permission = "segmentation.add_segment"

    @extend_schema(operation_id="count_segment", request=PreviewRequestSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        data, caller = said(PreviewRequestSerializer, request), caller_on(request)
        may_name(request, Purpose(data["purpose"]))
        audience = reach.Audience(Purpose(data["purpose"]), Channel(data["channel"]), data["holdout_percent"])
        client = caller.client.client_id if caller.client else ""
        try:
            job = pipeline.count_exactly(data["rule"], audience, by=caller.user, client=client)
        except rules.InvalidRule as error:
            raise _read_rule(error) from None
        return accepted(job)


class SegmentOverlapView(APIView):
    """How segments lie over each other: pairs and combinations, of up to twelve."""

    scope = "segments:read"
    permission = _SEE

    @extend_schema(
        operation_id="overlap_segments",
        parameters=[OpenApiParameter("slugs", str, required=True, description="slugs, with commas between them")],
        responses=OverlapSerializer,
    )
    def get(self, request: Request) -> Response:
        slugs = [one for one in request.query_params.get("slugs", "").split(",") if one]
        if not slugs or any("\x00" in one for one in slugs):
            raise ValidationError({"slugs": "Name at least one segment."})
        try:
            with intelligence.within(10 * PREVIEW_SECONDS):
                return Response(OverlapSerializer(selectors.overlap(slugs)).data)
        except overlap.TooMany as error:
            raise ValidationError({"slugs": str(error)}) from None
