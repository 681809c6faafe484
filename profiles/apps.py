from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProfilesConfig(AppConfig):
    name = "profiles"
    label = "profiles"
    verbose_name = "Profiles"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from profiles import corrections, replaying
        from profiles.rollback import tables

        corrections.REPLAYS[:] = [replaying.ring]
        # Other apps own some of the tables: they are all there when the last app has migrated.
        post_migrate.connect(tables.watch_after_migrate, sender=self, dispatch_uid="profiles.undo")
