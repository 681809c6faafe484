"""Who came in, in the trail. A wrong password is counted by the sign-in page and not told: people type it as a name."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from iaros.accounts.models import User
from privacy import audit


def follow() -> None:
    """Called once, when all apps are loaded."""
    user_logged_in.connect(_signed_in, dispatch_uid="privacy.sign_ins")


def _signed_in(sender: Any, request: HttpRequest | None, user: User, **_: Any) -> None:
    audit.record(action="signed in", actor=user, route=request.path if request else "")
