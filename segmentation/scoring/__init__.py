from segmentation.scoring.batch import score_all, score_customer

__all__ = ["score_all", "score_customer"]
