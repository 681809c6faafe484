"""The airline's own codes in the admin, for operators. The defaults beside them are read by `manage.py codes list`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from iaros.accounts.models import User
from profiles import corrections
from profiles.ingest import code_entries
from profiles.models import CodeEntry


class CodeEntryForm(forms.ModelForm):  # type: ignore[type-arg]
    table = forms.ChoiceField(choices=lambda: list(corrections.known_tables().items()))

    class Meta:
        model = CodeEntry
        fields = ("table", "code", "carrier", "starts_on", "ends_on", "meaning", "title")

    def clean(self) -> dict[str, Any] | None:
        told = super().clean() or {}
        if {"table", "code", "meaning"} <= told.keys():
            faults = code_entries.faults_of(told["table"], told["code"], told["meaning"])
            if faults:
                raise ValidationError(faults)
        return told


@admin.register(CodeEntry)
class CodeEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One entry at a time; a whole table comes by `manage.py codes load`."""

    form = CodeEntryForm
    list_display = ("table", "code", "carrier", "starts_on", "ends_on", "meaning", "title", "changed_at", "changed_by")
    list_filter = ("table",)
    list_select_related = ("changed_by",)
    search_fields = ("code", "meaning", "title")
    ordering = ("table", "code", "carrier", "id")

    def save_model(self, request: HttpRequest, obj: CodeEntry, form: Any, change: bool) -> None:
        corrections.save_code(entry=obj, by=request.user if isinstance(request.user, User) else None)

    def delete_model(self, request: HttpRequest, obj: CodeEntry) -> None:
        corrections.drop_code(entry=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CodeEntry]) -> None:
        for entry in queryset:
            corrections.drop_code(entry=entry)
