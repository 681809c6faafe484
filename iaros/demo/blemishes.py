"""What goes wrong between a person and a file: slips of the finger, glued titles, torn lines."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from iaros.demo.draws import chance

# Rows spoilt beyond use, in every file; they are there to be quarantined.
SPOILT = 0.003

_NEIGHBOURS = {
    "A": "S", "B": "V", "D": "F", "E": "R", "G": "H", "I": "O", "K": "L", "L": "K", "M": "N",
    "N": "M", "O": "P", "R": "T",
    "S": "A", "T": "R", "U": "Y", "V": "B",
}  # fmt: skip


def mistyped(text: str, place: int, slip: int) -> str:
    """One slip: a letter lost, doubled, swapped with the next, or the key beside it."""
    if len(text) < 3:
        return text
    at = 1 + place % (len(text) - 2)
    if slip == 0:
        return text[:at] + text[at + 1 :]
    if slip == 1:
        return text[:at] + text[at] + text[at:]
    if slip == 2:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    beside = _NEIGHBOURS.get(text[at].upper(), text[at])
    return text[:at] + (beside if text[at].isupper() else beside.lower()) + text[at + 1 :]


def with_slips(rng: np.random.Generator, column: NDArray[np.object_], share: float) -> NDArray[np.object_]:
    """The column with a slip in this share of its values; only those are touched one by one."""
    return _touched(rng, column, share, lambda text, place: mistyped(text, place // 4, place % 4))


def torn(rng: np.random.Generator, lines: list[bytes]) -> list[bytes]:
    """The lines with a few broken copies among them: a transfer that was cut and started again."""
    broken = np.flatnonzero(chance(rng, SPOILT / 2, len(lines)))
    out = list(lines)
    for at in broken[::-1]:
        out.insert(int(at), lines[at][: max(12, len(lines[at]) * 2 // 3)])
    return out


def spoil(
    rng: np.random.Generator, column: NDArray[np.object_], wrong: tuple[str, ...], share: float = SPOILT / 2
) -> NDArray[np.object_]:
    """The column with a few values that no reader should accept."""
    return _touched(rng, column, share, lambda _, place: wrong[place % len(wrong)])


def _touched(
    rng: np.random.Generator, column: NDArray[np.object_], share: float, touch: Callable[[str, int], str]
) -> NDArray[np.object_]:
    out = column.copy()
    places = rng.integers(0, 10**6, len(column))
    for i in np.flatnonzero(chance(rng, share, len(column))):
        if out[i]:
            out[i] = touch(out[i], int(places[i]))
    return out
