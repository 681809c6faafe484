"""What is wrong with the catalogue of models is said when the platform starts, not when one is trained."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from segmentation.ml.catalogue import SPECS


@register("models")
def catalogue_within_its_limit(**kwargs: Any) -> list[CheckMessage]:
    """The catalogue declares no more models than `segmentation.ml_models` allows."""
    limit = settings.INTELLIGENCE.segmentation.ml_models
    if len(SPECS) <= limit:
        return []
    return [
        Error(
            f"The catalogue declares {len(SPECS)} models; segmentation.ml_models allows {limit}.",
            hint="Raise the limit in the file that IAROS_CONFIG names, or take a model out of the catalogue.",
            id="segmentation.E001",
        )
    ]
