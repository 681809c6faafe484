"""Every model of the platform. A new one is a file beside these and a line here."""

from segmentation.ml.catalogue.churn_90d import CHURN_90D
from segmentation.ml.catalogue.extra_bag import EXTRA_BAG
from segmentation.ml.catalogue.value_12m import VALUE_12M
from segmentation.ml.spec import ModelSpec

SPECS: dict[str, ModelSpec] = {spec.name: spec for spec in (CHURN_90D, VALUE_12M, EXTRA_BAG)}


def spec_named(name: str) -> ModelSpec:
    """Raises KeyError for a name that is not in the catalogue."""
    return SPECS[name]


__all__ = ["SPECS", "spec_named"]
