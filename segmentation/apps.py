from django.apps import AppConfig


class SegmentationConfig(AppConfig):
    name = "segmentation"
    label = "segmentation"
    verbose_name = "Segmentation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from segmentation import checks  # noqa: F401
