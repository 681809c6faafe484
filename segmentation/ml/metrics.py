"""How good a score is, in figures that do not flatter: used by the trainer, the gates and `evaluate`."""

import numpy as np


def roc_auc(outcome: np.ndarray, score: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(outcome, score))


def pr_auc(outcome: np.ndarray, score: np.ndarray) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(outcome, score))


def brier(outcome: np.ndarray, probability: np.ndarray) -> float:
    return float(np.mean((probability - outcome) ** 2))


def quantile_bins(score: np.ndarray, bins: int = 10) -> np.ndarray:
    """The bin of each score, cut at its quantiles; equal scores are never cut apart."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, score, side="right")


def reliability(outcome: np.ndarray, probability: np.ndarray, bins: int = 10) -> list[dict[str, float]]:
    """What was said and what came, bin by bin of equal size."""
    place = quantile_bins(probability, bins)
    return [
        {
            "rows": int((place == bin_).sum()),
            "said": float(probability[place == bin_].mean()),
            "came": float(outcome[place == bin_].mean()),
        }
        for bin_ in np.unique(place)
    ]


def ece(outcome: np.ndarray, probability: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over quantile bins."""
    table = reliability(outcome, probability, bins)
    return float(sum(row["rows"] * abs(row["said"] - row["came"]) for row in table) / len(outcome))


def share_in_top(amount: np.ndarray, score: np.ndarray, top: float = 0.1) -> float:
    """The part of `amount` that the best-scored `top` of the rows hold; a tie at the cut counts by its share."""
    order = np.argsort(-score, kind="stable")
    ranked, wanted = score[order], max(1, round(len(score) * top))
    tied = score == ranked[wanted - 1]
    above = score > ranked[wanted - 1]
    from_tie = amount[tied].sum() * (wanted - above.sum()) / tied.sum()
    total = amount.sum()
    return float((amount[above].sum() + from_tie) / total) if total else 0.0


def lift_in_top(outcome: np.ndarray, score: np.ndarray, top: float = 0.1) -> float:
    """How many times more outcomes the best-scored `top` of the rows hold than as many rows by chance."""
    wanted = max(1, round(len(score) * top))
    return share_in_top(outcome.astype(float), score, top) * len(score) / wanted


def spearman(actual: np.ndarray, predicted: np.ndarray) -> float:
    from scipy.stats import spearmanr

    if np.ptp(actual) == 0 or np.ptp(predicted) == 0:
        return 0.0
    return float(spearmanr(actual, predicted).statistic)


def total_error(actual: np.ndarray, predicted: np.ndarray) -> float:
    """How far the sum of all predictions is off the sum that came, as a share of it."""
    total = actual.sum()
    return float(abs(predicted.sum() - total) / total) if total else float("inf")


def auc_either_way(outcome: np.ndarray, score: np.ndarray) -> float:
    """ROC AUC of a column whose direction is not known, by ranks (fast enough for every column of a table)."""
    from scipy.stats import rankdata

    positives = int(outcome.sum())
    negatives = len(outcome) - positives
    if not positives or not negatives:
        return 0.5
    ranks = rankdata(score)
    auc = (ranks[outcome == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives)
    return float(max(auc, 1 - auc))
