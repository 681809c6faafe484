"""The administration pages: Django's, under the airline's name and behind the one sign-in page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


class AirlineAdminSite(AdminSite):
    site_header = f"{settings.AIRLINE_NAME} administration"
    site_title = f"{settings.AIRLINE_NAME} administration"
    index_title = "Privacy, accounts and jobs"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one page on which people sign in, and one place where guesses are counted.

        Somebody signed in who may not come in is told so, instead of being asked for a password for ever.
        """
        if request.user.is_authenticated and not self.has_permission(request):
            return HttpResponse("The administration is for data protection officers and operators.", status=403)
        back_to = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(back_to, reverse("accounts:sign-in"))
