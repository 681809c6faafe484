from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "iaros.api"
    label = "api"
    verbose_name = "API"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from iaros.api import schema  # noqa: F401  the schema extensions register themselves on import
