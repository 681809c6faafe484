"""The purpose a page is read under: named in the address, passed to each read of people, written in the audit trail."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from iaros.accounts.models import User
from iaros.lib.purposes import Purpose

DEFAULT = Purpose.ANALYTICS
_EVERYONE = (
    Purpose.ANALYTICS,
    Purpose.SERVICING,
    Purpose.SERVICING_IROPS,
    Purpose.PERSONALISATION,
    Purpose.MARKETING,
    Purpose.SHARING,
)


def purposes_for(user: User | AbstractBaseUser | AnonymousUser) -> tuple[Purpose, ...]:
    """Which purposes this person may name; legal obligation is for those who answer rights requests."""
    if isinstance(user, User) and user.has_perm("accounts.answer_rights_requests"):
        return (*_EVERYONE, Purpose.LEGAL_OBLIGATION)
    return _EVERYONE


def purpose_of(request: HttpRequest) -> Purpose:
    """The purpose in the address if this person may name it, else analytics."""
    named = request.GET.get("purpose", "")
    return next((purpose for purpose in purposes_for(request.user) if purpose == named), DEFAULT)
