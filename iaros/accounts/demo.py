"""Logins of the demo airline: one a role and one API client, with passwords drawn at random and kept in a file.

Only for the demo: the file stands beside the other run-time files, readable by its owner alone.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from oauth2_provider.generators import generate_client_secret

from iaros.accounts import roles, scopes
from iaros.accounts.models import ApiClient, User
from iaros.lib.purposes import Purpose

CLIENT_NAME = "Demo partner"
CLIENT_PURPOSES = (Purpose.SERVICING, Purpose.PERSONALISATION, Purpose.MARKETING, Purpose.ANALYTICS)


@transaction.atomic
def logins() -> dict[str, Any]:
    """The demo's users and API client with their passwords; made on the first call, the same on the next."""
    roles.sync()
    kept = _kept()
    users = [_user(role, kept.get(role)) for role in roles.ROLES]
    client = _client(kept.get("api_client"))
    _keep({**{user["role"]: user["password"] for user in users}, "api_client": client["client_secret"]})
    return {"logins": users, "api_client": client}


def _user(role: str, password: str | None) -> dict[str, str]:
    password = password or secrets.token_urlsafe(12)
    user, _ = User.objects.get_or_create(username=role.replace("_", "-"))
    user.is_staff = role in roles.STAFF_ROLES
    if not user.check_password(password):
        user.set_password(password)
    user.save()
    user.groups.set(Group.objects.filter(name=role))
    return {"role": role, "username": user.username, "password": password}


def _client(secret: str | None) -> dict[str, str]:
    secret = secret or generate_client_secret()
    client, created = ApiClient.objects.get_or_create(
        name=CLIENT_NAME,
        defaults={
            "client_type": ApiClient.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": ApiClient.GRANT_CLIENT_CREDENTIALS,
            "client_secret": secret,
            "scopes": list(scopes.known()),
            "purposes": list(CLIENT_PURPOSES),
        },
    )
    if not created and not _kept().get("api_client"):
        client.client_secret = secret
        client.save(update_fields=["client_secret"])
    return {"client_id": client.client_id, "client_secret": secret}


def _file() -> Path:
    return Path(settings.VAR_DIR) / "demo_logins.json"


def _kept() -> dict[str, str]:
    try:
        return dict(json.loads(_file().read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _keep(passwords: dict[str, str]) -> None:
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(passwords, out, indent=1)
    beside.replace(file)
