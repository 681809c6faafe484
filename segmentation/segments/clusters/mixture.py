"""A mixture of kinds of people: each a bell over the numbers, and a die per column of words.

A row's density under every group is one product of matrices: of the row's terms (1, its numbers, their products) and
the groups' coefficients. What a group learns is a product too. Covariances lean on the pooled one as far as a group
is small, so a group of thirty rows has a shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from segmentation.segments.clusters.preparation import Codes, Prepared

Floats = NDArray[np.float64]

# No group is narrower than this in the scale of the columns (1 is a column's own spread).
FLOOR = 0.02
_BLOCK = 8_000


class Form(StrEnum):
    """What may differ between the bells of groups, seen where they are round on the whole."""

    BALL = "ball"
    DIAGONAL = "diagonal"
    FULL = "full"

    def parameters(self, dimensions: int) -> int:
        return {"ball": 1, "diagonal": dimensions, "full": dimensions * (dimensions + 1) // 2}[self.value]

    def prior_rows(self, dimensions: int) -> float:
        """With the weight of how many rows a group's covariance leans on the pooled one."""
        return {"ball": 1.0, "diagonal": 3.0, "full": 2.0 * dimensions}[self.value]


@dataclass(frozen=True)
class Mixture:
    """Group k: `weights[k]`, a bell of `means[k]` and `covariances[k]`, and `dice[j][k]`, log odds of word column j."""

    weights: Floats
    means: Floats
    covariances: Floats
    dice: tuple[Floats, ...]

    @property
    def size(self) -> int:
        return len(self.weights)

    def coefficients(self, form: Form) -> Floats:
        """One column a group, to be multiplied by `terms` of the same form."""
        dimensions = self.means.shape[1]
        precisions = np.linalg.inv(self.covariances).reshape(self.covariances.shape)
        slopes = np.einsum("kij,kj->ki", precisions, self.means)
        dets = np.linalg.slogdet(self.covariances)[1] if dimensions else np.zeros(self.size)
        level = -0.5 * (np.einsum("ki,ki->k", slopes, self.means) + dets + dimensions * np.log(2 * np.pi))
        one, other = _pairs(dimensions, form)
        products = -0.5 * precisions[:, one, other] * np.where(one == other, 1, 2)
        return np.hstack([(level + np.log(self.weights))[:, None], slopes, products]).T

    def log_joint(self, rows: Prepared) -> Floats:
        """Log density of each row under each group, weights included."""
        coefficients = self.coefficients(Form.FULL)
        starts = range(0, max(len(rows), 1), _BLOCK)
        parts = ((rows.numbers[s : s + _BLOCK], rows.words[s : s + _BLOCK]) for s in starts)
        return np.vstack([terms(x, Form.FULL) @ coefficients + self.thrown(words) for x, words in parts])

    def thrown(self, words: Codes) -> Floats:
        """Log odds of the words of each row under each group."""
        result = np.zeros((len(words), self.size))
        for column, die in enumerate(self.dice):
            result += die.T[words[:, column]]
        return result

    def posterior(self, rows: Prepared) -> Floats:
        joint = self.log_joint(rows)
        return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))

    def parameters(self, form: Form) -> int:
        dimensions = self.means.shape[1]
        dice = sum(die.shape[1] - 1 for die in self.dice)
        return self.size * (1 + dimensions + form.parameters(dimensions) + dice) - 1


def floor(rows: Prepared) -> Floats:
    """The least covariance of a group: of the step between a number's values, and of a little noise."""
    return np.diag(np.maximum(FLOOR**2, rows.grain**2 / 6))


def _pairs(dimensions: int, form: Form) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if form is Form.FULL:
        one, other = np.triu_indices(dimensions)
        return one.astype(np.int64), other.astype(np.int64)
    return np.arange(dimensions), np.arange(dimensions)


def terms(numbers: Floats, form: Form) -> Floats:
    """1, the numbers, and those of their products that the form needs."""
    one, other = _pairs(numbers.shape[1], form)
    return np.hstack([np.ones((len(numbers), 1)), numbers, numbers[:, one] * numbers[:, other]])


class Learner:
    """Expectation and maximisation over one set of rows."""

    def __init__(self, rows: Prepared, form: Form, floor: Floats) -> None:
        self.rows, self.form, self.floor = rows, form, floor
        self.terms = terms(rows.numbers, form)
        self.dimensions = rows.numbers.shape[1]

    def maximise(self, shares: Floats) -> Mixture:
        """The mixture whose groups take these shares (row by group) of the rows."""
        counts = shares.sum(axis=0) + 1e-9
        moments = (shares.T @ self.terms) / counts[:, None]
        means, products = moments[:, 1 : 1 + self.dimensions], moments[:, 1 + self.dimensions :]
        one, other = _pairs(self.dimensions, self.form)
        found = np.zeros((len(counts), self.dimensions, self.dimensions))
        found[:, one, other] = found[:, other, one] = products - means[:, one] * means[:, other]
        if self.form is Form.BALL:
            found = np.einsum("kii->k", found)[:, None, None] / max(self.dimensions, 1) * np.eye(self.dimensions)
        lean = self.form.prior_rows(self.dimensions)
        pooled = np.einsum("k,kij->ij", counts, found) / counts.sum()
        leaned = (counts[:, None, None] * found + lean * pooled) / (counts[:, None, None] + lean) + self.floor
        return Mixture(counts / counts.sum(), means, leaned, self._dice(shares, counts))

    def _dice(self, shares: Floats, counts: Floats) -> tuple[Floats, ...]:
        dice = []
        for column, width in enumerate(self.rows.word_counts):
            cast = np.eye(width)[self.rows.words[:, column]]
            # One row's worth of the whole table, so that a word not met in a group stays possible.
            seen = shares.T @ cast + cast.mean(axis=0) + 1e-3
            dice.append(np.log(seen / seen.sum(axis=1, keepdims=True)))
        return tuple(dice)

    def joint(self, mixture: Mixture) -> Floats:
        return self.terms @ mixture.coefficients(self.form) + mixture.thrown(self.rows.words)

    def improve(self, shares: Floats, rounds: int, smallest: float) -> tuple[Mixture, Floats, float]:
        """Learn from these shares until nothing moves; groups under `smallest` rows dissolve.

        Returns the mixture, the shares it gives, and its log likelihood.
        """
        before = -np.inf
        while True:
            mixture = self.maximise(shares)
            joint = self.joint(mixture)
            norm = logsumexp(joint, axis=1, keepdims=True)
            shares, total, rounds = np.exp(joint - norm), float(norm.sum()), rounds - 1
            kept = shares.sum(axis=0) >= smallest
            if kept.all() and (rounds <= 0 or total - before < 1e-4 * len(shares)):
                return mixture, shares, total
            if not kept.all() and kept.any():
                shares = _without(joint[:, kept])
            before = total

    def bic(self, mixture: Mixture, likelihood: float) -> float:
        """The lower, the better."""
        return -2 * likelihood + mixture.parameters(self.form) * np.log(len(self.rows))


def _without(joint: Floats) -> Floats:
    return np.asarray(np.exp(joint - logsumexp(joint, axis=1, keepdims=True)))
