"""Which scopes a partner's token may carry."""

from __future__ import annotations

from typing import Any

from oauth2_provider.scopes import SettingsScopes
from oauth2_provider.settings import oauth2_settings

from iaros.accounts.models import ApiClient


def known() -> dict[str, str]:
    """Every scope there is, and what it allows."""
    return dict(oauth2_settings.SCOPES)


class ClientScopes(SettingsScopes):
    """A client gets the scopes written on it and no others; asking for none gives all of its own."""

    def get_available_scopes(self, application: ApiClient | None = None, *args: Any, **kwargs: Any) -> list[str]:
        known = self.get_all_scopes()
        return [scope for scope in (application.scopes if application else []) if scope in known]

    def get_default_scopes(self, application: ApiClient | None = None, *args: Any, **kwargs: Any) -> list[str]:
        return self.get_available_scopes(application)
