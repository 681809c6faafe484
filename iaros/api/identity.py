"""The routes by which people are merged, split and given back. Each is tried first where `preview` is true: nothing is
written then, and the answer says what would read otherwise."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from iaros import intelligence
from iaros.accounts.models import User
from iaros.api.callers import caller_on
from iaros.api.people import PurposeSerializer, reader_of, said
from iaros.intelligence import UnknownCustomer
from profiles import identity_acts
from profiles.blast_radius import BlastRadius
from profiles.identity_acts import CannotMerge, CannotSplit, CannotUndo
from profiles.models import IdentityAct
from profiles.selectors import survivor_of

_MERGE = "profiles.merge_people"


class CannotBe(APIException):
    """The people stand in the way: two passengers of one booking, restricted data, an act that was built on."""

    status_code = 409
    default_code = "cannot-be"


class ActRequestSerializer(PurposeSerializer):
    reason = serializers.CharField(max_length=500, help_text="kept in the audit trail")
    preview = serializers.BooleanField(required=False, default=False, help_text="say what would change, change nothing")


class MergeRequestSerializer(ActRequestSerializer):
    customer_id = serializers.UUIDField()
    other_id = serializers.UUIDField(help_text="of the two the older id stays")


class SplitRequestSerializer(ActRequestSerializer):
    customer_id = serializers.UUIDField()
    record_ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=500)
    into = serializers.UUIDField(required=False, help_text="who was folded into the customer and stands again")


class UndoRequestSerializer(ActRequestSerializer):
    act_id = serializers.UUIDField()


class ChangeSerializer(serializers.Serializer):
    customer_id = serializers.UUIDField()
    kind = serializers.CharField(help_text="told, profile, consent, segments, activations, scores, recommendations")
    name = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class ActAnswerSerializer(serializers.Serializer):
    """The act, or with `preview` what it would change."""

    act_id = serializers.UUIDField(allow_null=True, help_text="null for a preview")
    kind = serializers.CharField()
    customer_ids = serializers.ListField(child=serializers.UUIDField())
    records = serializers.IntegerField()
    changes = ChangeSerializer(many=True, help_text="of a preview")
    warnings = serializers.ListField(child=serializers.CharField())


def _act(act: IdentityAct) -> Response:
    told = {
        "act_id": act.id,
        "kind": act.kind,
        "customer_ids": [act.customer_id, act.other_id],
        "records": act.records,
        "changes": [],
        "warnings": [],
    }
    return Response(ActAnswerSerializer(told).data)


def _preview(radius: BlastRadius) -> Response:
    told = {
        "act_id": None,
        "kind": radius.kind,
        "customer_ids": radius.customers,
        "records": radius.records,
        "changes": radius.changes,
        "warnings": radius.warnings,
    }
    return Response(ActAnswerSerializer(told).data)


def _by(request: Request) -> User:
    """Somebody decides who is who; a client, which is nobody, may not."""
    user = caller_on(request).user
    if user is None:
        raise PermissionDenied("A person decides this, not a client.")
    return user


def _admitted(request: Request, data: dict[str, Any], *customer_ids: UUID) -> None:
    reader = reader_of(request, data)
    for customer_id in customer_ids:
        if survivor_of(customer_id) != customer_id:
            raise UnknownCustomer
        intelligence.admit(customer_id, reader)
    if data["preview"]:
        intelligence.note("previewed a change of identity", reader, list(customer_ids))


class MergeView(APIView):
    """Make two customers one; or, with `preview`, say what that would change. Can be taken back."""

    scope = "profiles:write"
    permission = _MERGE

    @extend_schema(operation_id="merge_customers", request=MergeRequestSerializer, responses={200: ActAnswerSerializer})
    def post(self, request: Request) -> Response:
        data, by = said(MergeRequestSerializer, request), _by(request)
        both = {"one": data["customer_id"], "other": data["other_id"], "by": by}
        _admitted(request, data, data["customer_id"], data["other_id"])
        try:
            if data["preview"]:
                return _preview(identity_acts.preview_merge(**both))
            return _act(identity_acts.merge_customers(**both, reason=data["reason"]))
        except CannotMerge as error:
            raise CannotBe(str(error)) from None


class SplitView(APIView):
    """Take records off a customer, to somebody new or back to one who was folded in; or say what that would change."""

    scope = "profiles:write"
    permission = _MERGE

    @extend_schema(operation_id="split_customer", request=SplitRequestSerializer, responses={200: ActAnswerSerializer})
    def post(self, request: Request) -> Response:
        data, by = said(SplitRequestSerializer, request), _by(request)
        _admitted(request, data, data["customer_id"])
        meant = {
            "customer_id": data["customer_id"],
            "records": data.get("record_ids", []),
            "into": data.get("into"),
            "by": by,
        }
        try:
            if data["preview"]:
                return _preview(identity_acts.preview_split(**meant))
            return _act(identity_acts.split_customer(**meant, reason=data["reason"]))
        except CannotSplit as error:
            raise CannotBe(str(error)) from None


class UndoView(APIView):
    """Take a merge or a split back, in one act; or say what that would change."""

    scope = "profiles:write"
    permission = _MERGE

    @extend_schema(
        operation_id="undo_identity_act", request=UndoRequestSerializer, responses={200: ActAnswerSerializer}
    )
    def post(self, request: Request) -> Response:
        data, by = said(UndoRequestSerializer, request), _by(request)
        act = IdentityAct.objects.filter(id=data["act_id"]).first()
        if act is None:
            raise UnknownCustomer
        _admitted(request, data, act.customer_id)
        try:
            if data["preview"]:
                return _preview(identity_acts.preview_undo(act_id=act.id, by=by))
            return _act(identity_acts.undo_act(act_id=act.id, by=by, reason=data["reason"]))
        except CannotUndo as error:
            raise CannotBe(str(error)) from None
