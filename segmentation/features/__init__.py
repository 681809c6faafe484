from segmentation.features.batch import materialise, materialise_customer

__all__ = ["materialise", "materialise_customer"]
