"""Who may do what."""

import json
import stat

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import IntegrityError, transaction

from iaros.accounts import demo, roles
from iaros.accounts.models import ApiClient, User

MATRIX = {
    # role: (looks customers up, sees names, answers rights requests, manages models, changes segments)
    roles.ANALYST: (True, False, False, False, True),
    roles.DATA_SCIENTIST: (True, False, False, True, False),
    roles.DPO: (True, True, True, False, False),
    roles.OPERATOR: (False, False, False, False, False),
    roles.PARTNER: (False, False, False, False, False),
    roles.DATA_STEWARD: (True, False, False, False, False),
}
ACTS = (
    "accounts.view_customer_360",
    "accounts.view_pii",
    "accounts.answer_rights_requests",
    "accounts.manage_models",
    "segmentation.change_segment",
)


@pytest.mark.parametrize("role", MATRIX)
def test_role__may_do_what_the_matrix_says(db, role):
    user = User.objects.create_user(role)
    user.groups.add(Group.objects.get(name=role))

    assert tuple(user.has_perm(act) for act in ACTS) == MATRIX[role]


def test_roles__name_only_permissions_that_exist(db):
    known = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}

    assert {name for names in roles.ROLES.values() for name in names} - known == set()


def test_roles__permission_taken_by_hand__comes_back(db):
    group = Group.objects.get(name=roles.DPO)
    group.permissions.clear()

    roles.sync()

    assert group.permissions.count() == len(roles.ROLES[roles.DPO])


def test_demo_logins__second_time__are_the_same_and_work(db, settings, tmp_path, capfdbinary):
    settings.VAR_DIR = tmp_path
    first = demo.logins()

    call_command("demo_logins", "--json")

    assert json.loads(capfdbinary.readouterr().out) == first
    assert User.objects.filter(groups__name__in=roles.ROLES).count() == len(roles.ROLES)
    assert stat.S_IMODE((tmp_path / "demo_logins.json").stat().st_mode) == 0o600
    login = first["logins"][0]
    assert User.objects.get(username=login["username"]).check_password(login["password"])


def test_api_client__any_other_grant__is_refused_by_the_database(db):
    with pytest.raises(IntegrityError, match="credentials_only"), transaction.atomic():
        ApiClient.objects.create(
            name="Browser", client_type=ApiClient.CLIENT_PUBLIC, authorization_grant_type=ApiClient.GRANT_IMPLICIT
        )
