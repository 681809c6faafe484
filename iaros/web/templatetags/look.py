"""How things look on a page: icons from the npm package, small drawings, and values in the airline's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from iaros.web import drawings, formats
from iaros.web.assets import NODE_MODULES

register = template.Library()
_OUTLINE = NODE_MODULES / "@tabler" / "icons" / "icons" / "outline"
_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def _known(words: Callable[..., str]) -> Callable[..., str]:
    """What a template does not find comes as an empty text; it is written like none."""

    @wraps(words)
    def written(value: Any, *args: Any) -> str:
        return formats.NONE if value is None or value == "" else words(value, *args)

    return written


for _filter in (
    formats.number,
    formats.signed,
    formats.short,
    formats.money,
    formats.short_money,
    formats.short_major,
    formats.major_money,
    formats.share,
    formats.points,
    formats.percent_signed,
    formats.age,
    formats.moment,
    formats.clock,
    formats.day,
    formats.words,
    formats.cabin,
    formats.figure_name,
    formats.figure,
    formats.measure,
):
    register.filter(_filter.__name__, _known(_filter))

register.simple_tag(drawings.sparkline, name="sparkline")
register.simple_tag(drawings.bar, name="bar")
register.simple_tag(drawings.volume, name="volume")
register.simple_tag(drawings.histogram, name="histogram")
register.simple_tag(drawings.gauge, name="gauge")
register.simple_tag(drawings.reason_bar, name="reason_bar")
register.simple_tag(drawings.waterfall_bar, name="waterfall_bar")


@lru_cache(maxsize=256)
def _paths(name: str) -> str:
    file = _OUTLINE / f"{name}.svg"
    if not file.exists():
        raise template.TemplateSyntaxError(f"No icon named {name}; is the npm package installed?")
    match = _BODY.search(file.read_text(encoding="utf-8"))
    return " ".join(match.group(1).split()) if match else ""


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A Tabler outline icon, drawn beside a word; screen readers skip it."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        css,
        mark_safe(_paths(name)),
    )


@register.simple_tag(takes_context=True)
def go(context: Context, name: str, *args: Any, **query: Any) -> str:
    """The address of a page, carrying the purpose that this page was read under."""
    purpose = context.get("purpose_in_url")
    if purpose:
        query.setdefault("purpose", purpose)
    query = {key: value for key, value in query.items() if value not in (None, "")}
    return reverse(name, args=args) + (f"?{urlencode(query)}" if query else "")


@register.simple_tag(takes_context=True)
def here(context: Context, **changes: Any) -> str:
    """This page's address with some of its query changed; None removes."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def initials(name: str) -> str:
    """Ingrid Solheim -> IS; what is masked stays masked."""
    letters = [word[0] for word in name.split() if word[:1].isalpha()]
    return "".join(letters[:1] + letters[-1:] if len(letters) > 1 else letters).upper() or "··"


@register.simple_tag
def airline() -> str:
    return str(settings.AIRLINE_NAME)
