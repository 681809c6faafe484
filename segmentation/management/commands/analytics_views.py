"""Make the views of schema `analytics` for today's catalogue, and the role that may read them."""

from __future__ import annotations

from typing import Any

from iaros.lib.commands import Refused, ReportCommand
from segmentation.features import views


class Command(ReportCommand):
    help = __doc__ or ""

    def report(self, **options: Any) -> dict[str, Any]:
        try:
            return {"view": "analytics.features", "features": views.create(), "role": views.READER}
        except views.NoReader as error:
            raise Refused(str(error)) from None
