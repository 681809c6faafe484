from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "iaros.lib"
    label = "lib"
    verbose_name = "Jobs and outbox"
    default_auto_field = "django.db.models.BigAutoField"
