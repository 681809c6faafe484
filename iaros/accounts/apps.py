from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "iaros.accounts"
    label = "accounts"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from iaros.accounts import roles

        post_migrate.connect(roles.sync_after_migrate, dispatch_uid="accounts.roles")
