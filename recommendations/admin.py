from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from recommendations import pipeline
from recommendations.models import RecommenderVersion


@admin.register(RecommenderVersion)
class RecommenderVersionAdmin(admin.ModelAdmin):
    """Versions are read here and can be made to serve again; what is stored of people is shown on their page only."""

    list_display = ("name", "kind", "policy", "is_champion", "as_of", "trained_at", "train_seconds")
    list_filter = ("kind", "policy", "is_champion")
    exclude = ("artifact",)
    actions = ("serve",)

    @admin.action(description="Serve this version", permissions=["change"])
    def serve(self, request: HttpRequest, queryset: QuerySet[RecommenderVersion]) -> None:
        chosen = list(queryset.defer("artifact"))
        if len(chosen) != 1:
            self.message_user(request, "Choose one version.", messages.ERROR)
            return
        pipeline.promote(chosen[0])
        self.message_user(request, f"{chosen[0].name} serves.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RecommenderVersion | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: RecommenderVersion | None = None) -> list[str]:
        return [field.name for field in RecommenderVersion._meta.fields if field.name != "artifact"]
