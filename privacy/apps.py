from django.apps import AppConfig
from django.core import checks


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = "Privacy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacy import sign_ins
        from privacy.encryption import check_keys_file

        checks.register(check_keys_file, checks.Tags.security)
        sign_ins.follow()
