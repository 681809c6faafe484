from segmentation.scoring.batch import score_all

__all__ = ["score_all"]
