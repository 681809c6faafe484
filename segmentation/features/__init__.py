from segmentation.features.batch import materialise, materialise_customer, materialise_customers

__all__ = ["materialise", "materialise_customer", "materialise_customers"]
