from django.apps import AppConfig


class IarosConfig(AppConfig):
    """Last in INSTALLED_APPS: by then every app is loaded and can be joined to the others."""

    name = "iaros"
    verbose_name = "IAROS"

    def ready(self) -> None:
        # Whoever rings a doorbell needs Celery's application, not only the workers.
        from iaros import celery as celery
        from iaros import wiring

        wiring.connect()
