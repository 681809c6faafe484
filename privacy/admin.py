"""The DPO's pages: consent evidence and the trail to read, rights requests to answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from iaros.accounts.models import User
from iaros.lib.ids import bucket_of
from privacy import requests
from privacy.erasure import CannotAnswer
from privacy.models import (
    AuditEvent,
    ConsentEvidence,
    PolicyText,
    RequestKind,
    RequestState,
    RequestStep,
    RightsRequest,
    Tombstone,
)

ANSWER = "accounts.answer_rights_requests"


def _user(request: HttpRequest) -> User:
    """Who is signed in; these pages are closed to everybody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


class Evidence:
    """Read-only: what is evidence is added, changed and deleted by nobody here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EvidenceAdmin(Evidence, admin.ModelAdmin):
    """A list read by a page of 50; counting the whole table would take longer than reading it."""

    list_per_page = 50
    show_full_result_count = False


@admin.register(ConsentEvidence)
class ConsentEvidenceAdmin(EvidenceAdmin):
    """Search by customer id. Every statement with where, how and under which text it was made."""

    list_display = (
        "occurred_at",
        "customer_id",
        "purpose",
        "channel",
        "state",
        "method",
        "policy_version",
        "language",
        "source",
        "received_at",
    )
    list_display_links = None
    list_filter = ("purpose", "channel", "state")
    search_fields = ("customer_id",)
    search_help_text = "The customer's id"
    ordering = ("-occurred_at", "id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentEvidence], search_term: str
    ) -> tuple[QuerySet[ConsentEvidence], bool]:
        customer_id = _uuid(search_term)
        if not search_term or customer_id is None:
            return queryset if not search_term else queryset.none(), False
        return queryset.filter(bucket=bucket_of(customer_id), customer_id=customer_id), False


@admin.register(AuditEvent)
class AuditEventAdmin(EvidenceAdmin):
    """Search by customer id: everybody who read them."""

    list_display = ("occurred_at", "action", "actor", "client", "purpose", "customers", "route", "reason")
    list_filter = ("purpose",)
    search_fields = ("ids",)
    search_help_text = "The customer's id"
    ordering = ("-occurred_at", "id")

    @admin.display(description="customers")
    def customers(self, event: AuditEvent) -> str:
        return str(event.ids[0]) if len(event.ids) == 1 else f"{len(event.ids):,}"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        customer_id = _uuid(search_term)
        if not search_term or customer_id is None:
            return queryset if not search_term else queryset.none(), False
        return queryset.filter(ids__contains=[customer_id]), False


@admin.register(PolicyText)
class PolicyTextAdmin(EvidenceAdmin):
    list_display = ("version", "language", "effective_at", "sha256")


@admin.register(Tombstone)
class TombstoneAdmin(EvidenceAdmin):
    list_display = ("__str__", "erased_at", "request_id")
    list_display_links = None


class StepInline(Evidence, admin.TabularInline):
    model = RequestStep
    fields = ("position", "holder", "state", "counts", "error", "attempts", "finished_at")
    ordering = ("position",)
    extra = 0


class RequestForm(forms.ModelForm):
    """What the DPO writes down when a request arrives."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == RequestKind.OBJECTION and not cleaned.get("purpose"):
            self.add_error("purpose", "Say to which purpose the person objects.")
        return cleaned


@admin.register(RightsRequest)
class RightsRequestAdmin(admin.ModelAdmin):
    """A request is taken in, its identity check is written down, then it runs as a job."""

    form = RequestForm
    list_display = ("id", "kind", "customer_id", "state", "received_at", "due_at", "verified_at", "job")
    list_filter = ("state", "kind")
    search_fields = ("customer_id", "id")
    ordering = ("due_at", "id")
    actions = ("verify_identity", "run_as_a_job")
    inlines = (StepInline,)
    taken_in = ("kind", "customer_id", "purpose", "channel", "received_at", "received_through")
    answered = ("state", "due_at", "verified_at", "verified_by", "job", "problem", "completed_at", "answer")

    def get_fields(self, request: HttpRequest, obj: RightsRequest | None = None) -> tuple[str, ...]:
        return (*self.taken_in, "verification", *self.answered) if obj else self.taken_in

    def get_readonly_fields(self, request: HttpRequest, obj: RightsRequest | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        settled = ("verification",) if obj.verified_at else ()
        return (*self.taken_in, *settled, *self.answered)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ANSWER)

    def save_model(self, request: HttpRequest, obj: RightsRequest, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["verification"])
            return
        asked = {name: form.cleaned_data[name] for name in self.taken_in}
        opened = requests.open_request(**asked, by=_user(request))
        obj.pk = opened.pk
        obj.refresh_from_db()

    @admin.action(description="Verify identity", permissions=["answer"])
    def verify_identity(self, request: HttpRequest, queryset: QuerySet[RightsRequest]) -> None:
        waiting = queryset.filter(state=RequestState.RECEIVED)
        self._each(request, waiting, lambda r: requests.verify_identity(r, how=r.verification, by=_user(request)))

    @admin.action(description="Run as a job", permissions=["answer"])
    def run_as_a_job(self, request: HttpRequest, queryset: QuerySet[RightsRequest]) -> None:
        self._each(request, queryset, lambda r: requests.run_as_job(r, by=_user(request)))

    def _each(
        self, request: HttpRequest, queryset: QuerySet[RightsRequest], act: Callable[[RightsRequest], Any]
    ) -> None:
        done = 0
        for each in queryset:
            try:
                act(each)
                done += 1
            except CannotAnswer as refusal:
                messages.error(request, f"{each}: {refusal}")
        messages.success(request, f"{done} of {len(queryset)} done.")

    @admin.display(description="job")
    def job(self, obj: RightsRequest) -> str:
        return format_html('<a href="/jobs/{}/">{}</a>', obj.job_id, obj.job_id) if obj.job_id else "-"

    @admin.display(description="answer")
    def answer(self, obj: RightsRequest) -> str:
        if obj.package is None:
            return "-"
        link = reverse("admin:privacy_rightsrequest_package", args=[obj.id])
        return format_html('<a href="{}">Download the package</a>', link)

    def get_urls(self) -> list[URLPattern]:
        package = path(
            "<uuid:request_id>/package/",
            self.admin_site.admin_view(self.package),
            name="privacy_rightsrequest_package",
        )
        return [package, *super().get_urls()]

    def package(self, request: HttpRequest, request_id: Any) -> HttpResponse:
        """The access package as a file; handing it out is audited."""
        if not self.has_answer_permission(request):
            raise PermissionDenied
        asked = get_object_or_404(RightsRequest, id=request_id)
        try:
            document = requests.package_of(asked, by=_user(request))
        except CannotAnswer as refusal:
            return HttpResponse(str(refusal), status=410, content_type="text/plain")
        response = HttpResponse(document, content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="access-{asked.id}.json"'
        return response
