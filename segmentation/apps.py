from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SegmentationConfig(AppConfig):
    name = "segmentation"
    label = "segmentation"
    verbose_name = "Segmentation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from segmentation import checks  # noqa: F401

        post_migrate.connect(_watch_events, sender=self, dispatch_uid="segmentation.tiles")


def _watch_events(sender: Any, **_: Any) -> None:
    """Once a migrate, since a table of events that is written anew has lost its triggers."""
    from segmentation.features import day_tiles

    day_tiles.watch()
