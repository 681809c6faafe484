from segmentation.features.batch import materialise

__all__ = ["materialise"]
