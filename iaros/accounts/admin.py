"""Users, roles and API clients, for operators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_device_grant_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)

from iaros.accounts import roles, scopes
from iaros.accounts.models import ApiClient, User
from iaros.lib.purposes import Purpose

# Tokens are seen by nobody: the library's pages for them leave; its page for applications gives way to ours.
for _model in (
    get_application_model(),
    get_access_token_model(),
    get_refresh_token_model(),
    get_grant_model(),
    get_id_token_model(),
    get_device_grant_model(),
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """An operator gives roles; only a superuser makes superusers or hands out single permissions."""

    list_display = ("username", "first_name", "last_name", "is_staff", "is_active", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        if request.user.is_superuser:
            return fields
        return (*fields, "is_superuser", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (request.user.is_superuser or not (obj and _above_an_operator(obj)))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups" and field is not None and not request.user.is_superuser:
            # An operator who could make themselves the DPO would read everybody.
            field.queryset = Group.objects.exclude(name=roles.DPO)
        return field


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(DjangoGroupAdmin):
    """Roles are read here and written in iaros/accounts/roles.py."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ApiClientForm(forms.ModelForm):
    """A client's name and what it may do; the secret is made here and shown once."""

    purposes = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, choices=Purpose.choices)

    class Meta:
        model = ApiClient
        fields = ("name", "scopes", "purposes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(scope, f"{scope}: {says}") for scope, says in scopes.known().items()]
        self.fields["scopes"] = forms.MultipleChoiceField(
            required=False, widget=forms.CheckboxSelectMultiple, choices=choices
        )


@admin.register(ApiClient)
class ApiClientAdmin(admin.ModelAdmin):
    form = ApiClientForm
    view_on_site = False  # The page that the library's model names is not served here.
    list_display = ("name", "client_id", "created")
    readonly_fields = ("client_id",)
    search_fields = ("name", "client_id")
    actions = ("give_a_new_secret",)

    def save_model(self, request: HttpRequest, obj: ApiClient, form: Any, change: bool) -> None:
        if not change:
            obj.client_type = ApiClient.CLIENT_CONFIDENTIAL
            obj.authorization_grant_type = ApiClient.GRANT_CLIENT_CREDENTIALS
            _show_once(request, obj)
        super().save_model(request, obj, form, change)

    @admin.action(description="Give a new secret (the old one stops at once)", permissions=["change"])
    def give_a_new_secret(self, request: HttpRequest, queryset: Any) -> None:
        for client in queryset:
            _show_once(request, client)
            client.save(update_fields=["client_secret"])


def _above_an_operator(user: User) -> bool:
    # Whoever may set the password of the DPO reads everybody.
    return user.is_superuser or user.groups.filter(name=roles.DPO).exists()


def _show_once(request: HttpRequest, client: ApiClient) -> None:
    client.client_secret = generate_client_secret()
    messages.warning(request, f"The secret of {client.client_id} is {client.client_secret}, shown only now.")
