"""What each kind of user may do. A role is a group; this table is the whole truth and is written at every migrate."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction

ANALYST = "analyst"
DATA_SCIENTIST = "data_scientist"
DPO = "dpo"
OPERATOR = "operator"
PARTNER = "partner"
DATA_STEWARD = "data_steward"

ROLES: dict[str, tuple[str, ...]] = {
    ANALYST: (
        "accounts.view_customer_360",
        "accounts.export_data",
        "accounts.run_jobs",
        "segmentation.view_segment",
        "segmentation.add_segment",
        "segmentation.change_segment",
        "segmentation.publish_segment",
    ),
    # Sees models and what they are made of, people only under their masks.
    DATA_SCIENTIST: (
        "accounts.view_customer_360",
        "accounts.run_jobs",
        "accounts.manage_models",
        "segmentation.view_segment",
    ),
    DPO: (
        "accounts.view_customer_360",
        "accounts.view_pii",
        "accounts.export_data",
        "accounts.run_jobs",
        "accounts.answer_rights_requests",
        "profiles.merge_people",
        "profiles.review_pairs",
        "privacy.view_consentevidence",
        "privacy.view_policytext",
        "privacy.view_auditevent",
        "privacy.view_tombstone",
        "privacy.view_rightsrequest",
        "privacy.add_rightsrequest",
        "privacy.change_rightsrequest",
        "privacy.view_requeststep",
        "segmentation.view_segment",
    ),
    # Keeps the machines running and the accounts in order; has no business with people.
    OPERATOR: (
        "accounts.run_jobs",
        "profiles.load_files",
        "profiles.roll_back_runs",
        "accounts.view_user",
        "accounts.add_user",
        "accounts.change_user",
        "accounts.view_apiclient",
        "accounts.add_apiclient",
        "accounts.change_apiclient",
        "auth.view_group",
        "profiles.view_codeentry",
        "profiles.add_codeentry",
        "profiles.change_codeentry",
        "profiles.delete_codeentry",
    ),
    # Answers for what comes in: sees what sources sent, mends what could not go in, takes back what should not have,
    # and sees which segments live on it.
    DATA_STEWARD: (
        "accounts.view_customer_360",
        "accounts.run_jobs",
        "profiles.load_files",
        "profiles.roll_back_runs",
        "profiles.mend_rows",
        "profiles.review_pairs",
        "profiles.view_raw",
        "profiles.merge_people",
        "segmentation.view_segment",
    ),
    # A person at a partner: looks at shared segments. Their systems are API clients with scopes.
    PARTNER: ("segmentation.view_segment",),
}
STAFF_ROLES = (DPO, OPERATOR)  # these see the administration pages


@transaction.atomic
def sync() -> None:
    """Make the groups say what ROLES says; permissions of apps not yet migrated join at their migration."""
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role, names in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set([known[name] for name in names if name in known])


def sync_after_migrate(sender: Any, **_: Any) -> None:
    """Once a migrate, when the last app has its permissions."""
    with_models = [config for config in apps.get_app_configs() if config.models_module]
    if sender == with_models[-1]:
        sync()
