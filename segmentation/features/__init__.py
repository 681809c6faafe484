from segmentation.features.batch import materialise
from segmentation.features.online import materialise_customer, materialise_customers

__all__ = ["materialise", "materialise_customer", "materialise_customers"]
