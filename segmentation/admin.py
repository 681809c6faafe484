"""Segments in the admin: definitions are edited there, memberships never."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from guardian.admin import GuardedModelAdmin

from segmentation.models import Destination, Segment, SegmentVersion


class SegmentVersionInline(admin.TabularInline):
    """Every wording, newest first; a wording is never changed."""

    model = SegmentVersion
    fields = ("number", "sentence", "published_at", "published_by")
    readonly_fields = fields
    ordering = ("-number",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Segment)
class SegmentAdmin(GuardedModelAdmin):
    """Object permissions per segment; position and counts belong to the refresh."""

    list_display = ("name", "status", "purpose", "channel", "size", "reach", "counted_at", "owner")
    list_filter = ("status", "purpose", "channel", "is_system")
    list_select_related = ("owner",)
    search_fields = ("name", "slug", "description")
    ordering = ("name", "id")
    readonly_fields = ("slug", "kind", "status", "position", "size", "reach", "counted_at", "created_at", "is_system")
    inlines = (SegmentVersionInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # A segment begins with a rule, in the builder.

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # It is retired instead: its position in the bitmaps is never given again.


@admin.register(Destination)
class DestinationAdmin(admin.ModelAdmin):
    """Where members may be sent. Its secret is named here and stands in the environment."""

    list_display = ("name", "kind", "url", "enabled")
    list_filter = ("kind", "enabled")
    search_fields = ("name", "slug")
    ordering = ("name", "id")
    prepopulated_fields = {"slug": ("name",)}
