from django.contrib.admin.apps import AdminConfig


class AirlineAdminConfig(AdminConfig):
    """Django's administration with the airline's own site, which knows who may come in."""

    default_site = "iaros.accounts.admin_site.AirlineAdminSite"
