"""The whole map of `/api/v1/`."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from iaros.api import jobs, site

app_name = "api"
urlpatterns = [
    path("jobs/<uuid:job_id>", jobs.JobView.as_view(), name="job"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", site.DocsView.as_view(), name="docs"),
    re_path(r"^.*$", site.UnknownView.as_view()),
]
