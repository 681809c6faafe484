"""Every address of the platform."""

from django.contrib import admin
from django.urls import include, path, re_path

from iaros.api import health, site

urlpatterns = [
    # First, since they are asked a thousand times where a page is asked once.
    path("api/v1/", include("iaros.api.urls")),
    re_path(r"^api/", site.UnknownView.as_view()),
    path("", include("iaros.accounts.urls")),
    path("", include("iaros.web.urls")),
    path("admin/", admin.site.urls),
    path("oauth2/token", site.ClientTokenView.as_view(), name="token"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
