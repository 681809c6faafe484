"""How a request names a person, and a purpose to read about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from iaros.api.callers import Caller
from iaros.intelligence import Reader, UnknownCustomer
from iaros.lib.purposes import Channel, Purpose
from profiles.models import IdentifierKind
from profiles.selectors import customer_by_key, survivor_of

NAMED_BY = ("customer_id", "loyalty_number", "email")


class PurposeSerializer(serializers.Serializer):
    """Why the caller reads, and by which channel it will use what it reads."""

    purpose = serializers.ChoiceField(Purpose.choices)
    channel = serializers.ChoiceField(Channel.choices, required=False)


class PersonSerializer(PurposeSerializer):
    """A person by exactly one of three names."""

    customer_id = serializers.UUIDField(required=False)
    loyalty_number = serializers.CharField(required=False, max_length=40)
    email = serializers.CharField(required=False, max_length=254)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(name in attrs for name in NAMED_BY) != 1:
            raise serializers.ValidationError(f"Name the person by exactly one of {', '.join(NAMED_BY)}.")
        return attrs


def said(serializer: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    """What the request says, checked: its body, or on a GET its query."""
    given = serializer(data=request.query_params if request.method in ("GET", "HEAD") else request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def reader_of(request: Request, data: dict[str, Any]) -> Reader:
    """The reader whom the request stands for; a client may name only the purposes written on it."""
    return reader_for(request._request, data)


def reader_for(request: HttpRequest, data: dict[str, Any]) -> Reader:
    """`reader_of` for Django's own request."""
    purpose = Purpose(data["purpose"])
    caller: Caller = request.caller  # type: ignore[attr-defined]
    if caller.client and not caller.client.allows(purpose):
        raise PermissionDenied(f"This client may not read for the purpose {purpose}.", code="purpose-not-allowed")
    match = request.resolver_match
    return Reader(
        purpose=purpose,
        channel=Channel(data["channel"]) if data.get("channel") else None,
        actor=caller.user,
        client=caller.client,
        route=f"{request.method} /{match.route}" if match else request.path,
        request_id=request.request_id,  # type: ignore[attr-defined]
        reveal=bool(data.get("reveal")) and _may_reveal(caller),
    )


def _may_reveal(caller: Caller) -> bool:
    by_permission = bool(caller.user and caller.user.has_perm("accounts.view_pii"))
    allowed = "profiles:reveal" in caller.scopes if caller.client else by_permission
    if not allowed:
        raise PermissionDenied("Names and contacts stay masked: profiles:reveal is missing.", code="stays-masked")
    return True


def customer_named(data: dict[str, Any]) -> UUID:
    """The living customer of that name; raises UnknownCustomer.

    An id once given out keeps working: it leads to the customer into whom that one was folded. A loyalty number or an
    e-mail names the one person who claims it; an address that nobody verified names nobody.
    """
    if "customer_id" in data:
        found = survivor_of(data["customer_id"])
    elif "loyalty_number" in data:
        found = customer_by_key(IdentifierKind.LOYALTY_NUMBER, data["loyalty_number"])
    else:
        found = customer_by_key(IdentifierKind.EMAIL, data["email"])
    if found is None:
        raise UnknownCustomer
    return found
