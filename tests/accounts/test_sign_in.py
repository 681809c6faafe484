"""Coming in: people by password, systems by client credentials."""

import base64

import pytest
from django.urls import reverse
from oauth2_provider.models import get_access_token_model

from iaros.accounts.models import ApiClient, User

PASSWORD = "correct horse battery staple"
SECRET = "a secret of forty characters, made for test"


@pytest.fixture
def analyst(db) -> User:
    return User.objects.create_user("ann", password=PASSWORD)


@pytest.fixture
def shop(db) -> ApiClient:
    return ApiClient.objects.create(
        name="Web shop",
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        client_secret=SECRET,
        scopes=["profiles:read", "events:write"],
        purposes=["servicing"],
    )


def test_sign_in__right_password__comes_in(client, analyst):
    page = _sign_in(client, "ann", PASSWORD)

    assert page.status_code == 302
    assert client.session["_auth_user_id"] == str(analyst.pk)


def test_sign_in__five_wrong_passwords__locks_that_name_from_that_address(client, analyst):
    User.objects.create_user("ben", password=PASSWORD)
    answers = [_sign_in(client, "ann", "wrong").status_code for _ in range(5)]

    assert answers == [200, 200, 200, 200, 429]
    assert _sign_in(client, "ann", PASSWORD).status_code == 429
    assert _sign_in(client, "ben", PASSWORD).status_code == 302
    assert _sign_in(client, "ann", PASSWORD, REMOTE_ADDR="10.1.1.1").status_code == 302


def test_token__client_credentials__carries_the_scopes_asked_for(client, shop):
    answer = _token(client, shop, scope="profiles:read")

    assert answer.status_code == 200
    assert answer.json()["scope"] == "profiles:read"
    assert answer.json()["token_type"] == "Bearer"


def test_token__no_scope_named__carries_the_clients_own(client, shop):
    assert set(_token(client, shop).json()["scope"].split()) == {"profiles:read", "events:write"}


def test_token__scope_of_somebody_else__is_refused(client, shop):
    answer = _token(client, shop, scope="profiles:read models:write")

    assert answer.status_code == 400
    assert get_access_token_model().objects.count() == 0


def test_token__stored__neither_token_nor_secret_can_be_read(client, shop):
    token = _token(client, shop).json()["access_token"]

    shop.refresh_from_db()
    stored = get_access_token_model().objects.get()
    assert token not in (stored.token, stored.token_checksum)
    assert SECRET not in shop.client_secret


def test_token__wrong_secret__is_refused(client, shop):
    assert _token(client, shop, secret="guessed").status_code == 401


def test_client__purposes__are_those_written_on_it(shop):
    assert shop.allows("servicing")
    assert not shop.allows("marketing")


def _sign_in(client, username: str, password: str, **more):
    form = {"username": username, "password": password}
    return client.post(reverse("accounts:sign-in"), form, secure=True, **more)


def _token(client, shop: ApiClient, secret: str = SECRET, **form):
    basic = base64.b64encode(f"{shop.client_id}:{secret}".encode()).decode()
    return client.post(
        "/oauth2/token",
        {"grant_type": "client_credentials", **form},
        secure=True,
        headers={"Authorization": f"Basic {basic}"},
    )
