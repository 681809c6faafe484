"""The side bar and what every page shows around its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from iaros.web.purposes import purpose_of, purposes_for


@dataclass(frozen=True)
class Section:
    """One line of the side bar; absent for those without its permission."""

    group: str
    title: str
    route: str
    icon: str
    permission: str | None = None
    key: str = ""
    on_phone: str = ""


SECTIONS = (
    Section("", "Overview", "web:home", "home", "accounts.run_jobs", "h", "Home"),
    Section("Customers", "Customers", "web:customers", "users", "accounts.view_customer_360", "c", "Customers"),
    Section("Customers", "Identity review", "web:reviews", "git-merge", "accounts.view_customer_360", "i"),
    Section("Audiences", "Segments", "web:segments", "chart-dots-3", "segmentation.view_segment", "s", "Segments"),
    Section("Models", "Models", "web:models", "versions", "accounts.run_jobs", "m"),
    Section("Models", "Features", "web:features", "database", "accounts.run_jobs", "f"),
    Section("Data", "Sources and quality", "web:sources", "stack-2", "accounts.run_jobs", "d", "Sources"),
    Section("Data", "Jobs", "web:jobs", "player-play", "accounts.run_jobs", "j"),
    Section("Privacy", "Requests and evidence", "admin:index", "shield", "privacy.view_rightsrequest", "p"),
)


def _visible(request: HttpRequest) -> list[Section]:
    may = request.user.has_perm  # type: ignore[union-attr]
    return [section for section in SECTIONS if not section.permission or may(section.permission)]


def _groups(request: HttpRequest, visible: list[Section]) -> list[dict[str, Any]]:
    match = request.resolver_match
    view = (match.url_name or "") if match else ""
    groups: list[dict[str, Any]] = []
    for section in visible:
        if not groups or groups[-1]["title"] != section.group:
            groups.append({"title": section.group, "links": []})
        name = section.route.partition(":")[2]
        one = name.removesuffix("s")
        current = view in (name, one) or view.startswith(f"{one}-")
        groups[-1]["links"].append({"section": section, "current": current})
    return groups


def shell(request: HttpRequest) -> dict[str, Any]:
    """What every page shows around its content; parts of a page get only the purpose they were read under."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or request.path_info.startswith("/admin/"):
        return {}
    purpose = purpose_of(request)
    context: dict[str, Any] = {
        "purpose": purpose,
        "purpose_in_url": purpose.value if "purpose" in request.GET else "",
    }
    if getattr(request, "htmx", False):
        return context
    visible = _visible(request)
    return context | {
        "navigation": _groups(request, visible),
        "phone_sections": [section for section in visible if section.on_phone],
        "purposes": purposes_for(user),
        "airline_name": settings.AIRLINE_NAME,
        "now": timezone.now(),
    }
