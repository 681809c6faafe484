"""The operator's pages: accounts in order, and no way up."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from iaros.accounts import roles
from iaros.accounts.models import ApiClient, User


@pytest.fixture
def operator(db, client) -> User:
    user = _of(roles.OPERATOR, is_staff=True)
    client.force_login(user)
    return user


def test_administration__nobody_signed_in__goes_to_the_one_sign_in_page(client, db):
    page = client.get(reverse("admin:index"), follow=True, secure=True)

    assert page.redirect_chain[-1][0] == f"{reverse('accounts:sign-in')}?next={reverse('admin:index')}"


def test_administration__an_analyst__is_told_it_is_not_for_them(client, db):
    client.force_login(_of(roles.ANALYST))

    assert client.get(reverse("admin:index"), follow=True, secure=True).status_code == 403


def test_operator__cannot_touch_whoever_may_see_people(client, operator):
    dpo = _of(roles.DPO, is_staff=True)

    page = client.post(
        reverse("admin:auth_user_password_change", args=[dpo.pk]),
        {"password1": "a new one of many words", "password2": "a new one of many words"},
        secure=True,
    )

    assert page.status_code == 403


def test_operator__cannot_make_anybody_the_dpo(client, operator):
    analyst = _of(roles.ANALYST)

    page = client.get(reverse("admin:accounts_user_change", args=[analyst.pk]), secure=True).content.decode()

    assert ">operator</option>" in page
    assert ">dpo</option>" not in page


def test_api_client__made_by_an_operator__secret_is_shown_once_and_kept_hashed(client, operator):
    form = {"name": "Web shop", "scopes": ["profiles:read"], "purposes": ["servicing"]}

    page = client.post(reverse("admin:accounts_apiclient_add"), form, follow=True, secure=True)

    shop = ApiClient.objects.get(name="Web shop")
    assert (shop.scopes, shop.purposes) == (["profiles:read"], ["servicing"])
    assert shop.client_secret.startswith("pbkdf2_sha256$")
    assert f"The secret of {shop.client_id} is" in page.content.decode()


def _of(role: str, **more) -> User:
    user = User.objects.create_user(role, **more)
    user.groups.add(Group.objects.get(name=role))
    return user
