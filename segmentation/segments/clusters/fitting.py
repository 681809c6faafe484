"""Fit: informative columns, a learnt measure, cells, their merger, then expectation and maximisation.

The number of groups is nobody's guess: BIC ends the merger, chooses the shape of the bells, and may split a group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from segmentation.segments.clusters import cells, mixture, structure
from segmentation.segments.clusters.mixture import Form, Learner, Mixture
from segmentation.segments.clusters.preparation import Prepared

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

MOST_ROWS = 16_000
_LESSONS = 3


@dataclass(frozen=True)
class Measure:
    """What cells are cut in: `turn` maps the numbers to directions that tell groups apart; `scales` weigh the words."""

    turn: Floats
    scales: Floats

    def embedded(self, rows: Prepared) -> Floats:
        parts = [rows.numbers @ self.turn]
        for place, width in enumerate(rows.word_counts):
            parts.append(np.eye(width)[rows.words[:, place]] * self.scales[place])
        return np.hstack(parts)


@dataclass(frozen=True)
class Fitted:
    """A mixture over some of the columns, in the measure `turn` in which groups are round on the whole."""

    numbers: tuple[int, ...]
    words: tuple[int, ...]
    turn: Floats
    measure: Measure
    mixture: Mixture

    def viewed(self, rows: Prepared) -> Prepared:
        chosen = rows.only(self.numbers, self.words)
        return replace(chosen, numbers=chosen.numbers @ self.turn)

    def embedded(self, rows: Prepared) -> Floats:
        """The rows in the measure that cells were cut in."""
        return self.measure.embedded(rows.only(self.numbers, self.words))

    def log_joint(self, rows: Prepared) -> Floats:
        """Log density of each row under each group, weights included."""
        return self.mixture.log_joint(self.viewed(rows))


def fit(rows: Prepared, seed: int, smallest: float = 10) -> Fitted:
    """The mixture of `rows`; at most so many rows are learnt from. Groups under `smallest` of those rows dissolve."""
    numbers, words = structure.informative(rows, seed)
    rng = np.random.default_rng(seed)
    sample = rows.only(numbers, words).taken(np.sort(rng.permutation(len(rows))[:MOST_ROWS]))
    measure = _unlearnt(sample)
    for lesson in range(_LESSONS):
        cut = cells.cut(measure.embedded(sample), seed + lesson)
        labels = _merged(sample, cut, _whitening(_within(sample, cut)), Form.BALL)
        measure = _learnt(sample, labels)
    # Two cuts: where one of them misses a group, the other seldom does.
    cuts = [cells.cut(measure.embedded(sample), seed + _LESSONS + nth) for nth in range(2)]
    turn = _whitening(_within(sample, labels))
    turned = replace(sample, numbers=sample.numbers @ turn)
    floor = _turned_floor(sample, turn)
    begun = [_begun(turned, cut, form, floor, smallest) for cut in cuts for form in _forms(turned)]
    found = _settled(*min(begun, key=lambda one: one[2])[:2], smallest)
    return Fitted(tuple(numbers), tuple(words), turn, measure, found)


def divide(rows: Prepared, count: int, seed: int) -> Fitted:
    """The rows divided evenly around `count` middles: for people who differ by shades and fall into no heaps."""
    numbers, words = structure.informative(rows, seed)
    rng = np.random.default_rng(seed)
    sample = rows.only(numbers, words).taken(np.sort(rng.permutation(len(rows))[:MOST_ROWS]))
    measure = _unlearnt(sample)
    found = KMeans(count, n_init=4, random_state=seed).fit_predict(measure.embedded(sample)).astype(np.int64)
    learnt = Learner(sample, Form.BALL, mixture.floor(sample)).maximise(_shares(found))
    alike = np.broadcast_to(np.average(learnt.covariances, axis=0, weights=learnt.weights), learnt.covariances.shape)
    even = replace(learnt, covariances=alike, weights=np.full(learnt.size, 1 / learnt.size))
    return Fitted(tuple(numbers), tuple(words), measure.turn, measure, even)


def _merged(sample: Prepared, cut: Labels, turn: Floats, form: Form) -> Labels:
    turned = replace(sample, numbers=sample.numbers @ turn)
    return cells.Merger(cells.heaps(turned, cut), form, _turned_floor(sample, turn)).merged()[cut]


def _turned_floor(sample: Prepared, turn: Floats) -> Floats:
    return turn.T @ mixture.floor(sample) @ turn


def _unlearnt(sample: Prepared) -> Measure:
    return Measure(np.eye(sample.numbers.shape[1]), np.array([_word_scale(c, w) for c, w in _worded(sample)]))


def _worded(sample: Prepared) -> list[tuple[Labels, int]]:
    return [(sample.words[:, place], width) for place, width in enumerate(sample.word_counts)]


def _word_scale(codes: Labels, width: int) -> float:
    shares = np.bincount(codes, minlength=width) / len(codes)
    return float(1 / np.sqrt(max(1 - (shares**2).sum(), 1e-3)))


def _within(sample: Prepared, labels: Labels) -> Floats:
    heaps = cells.heaps(sample, labels)
    return heaps.scatter.sum(axis=0) / len(sample) + mixture.floor(sample)


def _whitening(within: Floats) -> Floats:
    values, vectors = np.linalg.eigh(within)
    return vectors / np.sqrt(values) if len(values) else within


def _learnt(sample: Prepared, labels: Labels) -> Measure:
    """Directions in which groups lie further apart than their rows scatter, and words that differ between groups."""
    turn = _whitening(_within(sample, labels))
    turned = sample.numbers @ turn
    values, vectors = np.linalg.eigh(np.cov(turned.T).reshape(turned.shape[1], -1)) if turned.size else (turn, turn)
    apart = values > min(1.3, float(np.max(values, initial=0)) * 0.99) if turned.size else np.zeros(0, dtype=bool)
    heaps = cells.heaps(sample, labels)
    scales = []
    for counts in heaps.words:
        shares = counts / heaps.rows[:, None]
        within = float((heaps.rows * (1 - (shares**2).sum(axis=1))).sum() / len(sample))
        overall = counts.sum(axis=0) / len(sample)
        told = within < 0.95 * (1 - (overall**2).sum())
        scales.append(1 / np.sqrt(max(within, 0.05)) if told else 0.0)
    return Measure(turn @ vectors[:, apart], np.array(scales))


def _forms(sample: Prepared) -> list[Form]:
    return list(Form) if sample.numbers.shape[1] > 1 else [Form.BALL]


def _begun(rows: Prepared, cut: Labels, form: Form, floor: Floats, smallest: float) -> tuple[Learner, Floats, float]:
    """The mixture that grows from the merger of these cells, as the shares it gives, and its BIC."""
    learner = Learner(rows, form, floor)
    labels = cells.Merger(cells.heaps(rows, cut), form, floor).merged()[cut]
    found, shares, likelihood = learner.improve(_shares(labels), 8, smallest)
    return learner, shares, learner.bic(found, likelihood)


def _settled(learner: Learner, shares: Floats, smallest: float) -> Mixture:
    """The same until it rests, with groups split that two kinds explain better."""
    split = _split(learner, shares.argmax(axis=1), smallest)
    return learner.improve(_shares(split), 30, smallest)[0]


def _shares(labels: Labels) -> Floats:
    return np.eye(int(labels.max()) + 1)[labels]


def _split(learner: Learner, labels: Labels, smallest: float) -> Labels:
    """Groups that two kinds explain better than one become two."""
    rows = learner.rows
    labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    result, following = labels.copy(), int(labels.max()) + 1
    merger = cells.Merger(cells.heaps(rows, labels), learner.form, learner.floor)
    for place in range(following):
        inside = np.flatnonzero(labels == place)
        if len(inside) < 2 * smallest:
            continue
        part = rows.taken(inside)
        half = _halves(part.numbers) if part.numbers.shape[1] else np.zeros(len(inside), dtype=np.int64)
        if min(np.bincount(half, minlength=2)) < smallest:
            continue
        both, whole = cells.heaps(part, half), cells.heaps(part, np.zeros(len(inside), dtype=np.int64))
        apart = merger.worth(both.rows, both.scatter, list(both.words)).sum()
        together = merger.worth(whole.rows, whole.scatter, list(whole.words)).sum()
        if apart - merger.price > together:
            result[inside[half == 1]] = following
            following += 1
    return result


def _halves(numbers: Floats, rounds: int = 12) -> Labels:
    """Two means, begun on both sides of the longest axis."""
    middle = numbers.mean(axis=0)
    axis = np.linalg.svd(np.atleast_2d(np.cov(numbers.T)))[0][:, 0] if numbers.shape[1] > 1 else np.ones(1)
    half = ((numbers - middle) @ axis > 0).astype(np.int64)
    for _ in range(rounds):
        if half.all() or not half.any():
            break
        low, high = numbers[half == 0].mean(axis=0), numbers[half == 1].mean(axis=0)
        half = ((numbers - (low + high) / 2) @ (high - low) > 0).astype(np.int64)
    return half
