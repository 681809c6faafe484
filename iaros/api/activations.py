"""The routes by which members leave: start a sending, see what became of it, fetch its file."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from iaros.api.callers import caller_on
from iaros.api.jobs import JobSerializer, accepted
from iaros.api.pagination import CursorPages
from iaros.api.people import said
from iaros.api.segments import may_name, segment_named
from iaros.lib.purposes import Purpose
from privacy import audit
from segmentation import pipeline
from segmentation.api.serializers import ActivationSerializer, NewActivationSerializer
from segmentation.models import Activation, Destination
from segmentation.segments import activation, destinations


class ActivationListView(GenericAPIView[Activation]):
    """Where a segment's members were sent, the newest first, with people by outcome and what the holdout can show."""

    scope = {"GET": "segments:read", "POST": "segments:write"}
    permission = {"GET": "segmentation.view_segment", "POST": "accounts.export_data"}
    pagination_class = CursorPages
    serializer_class = ActivationSerializer

    @extend_schema(operation_id="list_activations", responses=ActivationSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        made = segment_named(slug).activations.select_related("destination").order_by("-began_at", "id")
        page = self.paginate_queryset(made) or []
        return self.get_paginated_response(ActivationSerializer(page, many=True).data)

    @extend_schema(operation_id="activate_segment", request=NewActivationSerializer, responses={202: JobSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Send the members as a job. Consent is asked again for each of them as they leave."""
        data, segment, caller = said(NewActivationSerializer, request), segment_named(slug), caller_on(request)
        may_name(request, Purpose(segment.purpose))
        destination = Destination.objects.filter(slug=data["destination"]).first()
        if destination is None:
            raise ValidationError({"destination": "There is no such destination."})
        client = caller.client.client_id if caller.client else ""
        try:
            job = pipeline.activate(segment=segment, destination=destination, by=caller.user, client=client)
        except activation.CannotActivate as error:
            raise ValidationError({"destination": str(error)}, code="cannot_activate") from None
        return accepted(job)


class ActivationFileView(APIView):
    """The file that a sending made; it is kept for a week."""

    scope = "segments:write"
    permission = "accounts.export_data"

    @extend_schema(
        operation_id="get_activation_file", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, activation_id: UUID) -> FileResponse:
        caller = caller_on(request)
        made = Activation.objects.select_related("segment").filter(id=activation_id).exclude(file_name="").first()
        path = destinations.folder() / made.file_name if made else None
        if made is None or path is None or not path.exists():
            raise NotFound("No such file.")
        may_name(request, Purpose(made.purpose))
        audit.record(
            action="fetch activation file",
            actor=caller.user,
            client=caller.client,
            purpose=made.purpose,
            details={"segment": made.segment.slug, "activation": str(made.id)},
        )
        return FileResponse(path.open("rb"), as_attachment=True, filename=made.file_name)
