from django.apps import AppConfig


class IarosConfig(AppConfig):
    """Last in INSTALLED_APPS: by then every app is loaded and can be joined to the others."""

    name = "iaros"
    verbose_name = "IAROS"

    def ready(self) -> None:
        from iaros import wiring

        wiring.connect()
