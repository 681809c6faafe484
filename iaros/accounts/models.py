"""Who may come in: people of the airline, and the systems of its partners."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from oauth2_provider.models import AbstractApplication

from iaros.lib.purposes import Purpose

_STAFF = "people who work for the airline or its partners; they are not customers"


class User(AbstractUser):  # type: ignore[django-manager-missing]
    """A person who signs in."""

    no_personal_data: ClassVar[str] = _STAFF

    class Meta(AbstractUser.Meta):
        permissions = [
            ("view_customer_360", "Can look customers up and see their page"),
            ("view_pii", "Can see names and contacts unmasked"),
            ("export_data", "Can download tables"),
            ("run_jobs", "Can start and cancel jobs"),
            ("manage_models", "Can train, promote and roll back models"),
            ("answer_rights_requests", "Can answer access, erasure and objection requests"),
        ]


class ApiClient(AbstractApplication):
    """A partner's system: it has a secret of its own, gets only `scopes` and may name only `purposes`."""

    no_personal_data: ClassVar[str] = "systems of partners, not people"

    scopes = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="What its tokens may do; none means nothing.",
    )
    purposes = ArrayField(
        models.CharField(max_length=24, choices=Purpose),
        default=list,
        blank=True,
        help_text="The purposes for which it may read people; none means no people.",
    )

    class Meta(AbstractApplication.Meta):
        verbose_name = "API client"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # Partners are systems: no browser, no user, no redirect. The database refuses every other grant.
            models.CheckConstraint(
                condition=models.Q(
                    authorization_grant_type=AbstractApplication.GRANT_CLIENT_CREDENTIALS,
                    client_type=AbstractApplication.CLIENT_CONFIDENTIAL,
                    hash_client_secret=True,
                ),
                name="accounts_apiclient_credentials_only",
            ),
        ]

    def allows(self, purpose: str) -> bool:
        """May this client name the purpose?"""
        return purpose in self.purposes
