"""The world of the demo airline: drawn block by block, never held whole."""

from collections.abc import Iterator
from dataclasses import dataclass

from iaros.demo import SIZES, block, scene
from iaros.demo.block import Block
from iaros.demo.scene import Scene


@dataclass(frozen=True)
class World:
    size: int
    seed: int
    scene: Scene

    def blocks(self) -> Iterator[Block]:
        """Every block in order; each is drawn when asked for and equal each time."""
        for number, first in enumerate(range(0, self.size, block.PEOPLE)):
            yield block.draw(self.scene, number, first, min(block.PEOPLE, self.size - first))


def build(size: int | str = "small", seed: int = 42) -> World:
    """A world of `size` people (a number, `small` or `medium`); the same size and seed give the same world."""
    people = SIZES[size] if isinstance(size, str) and size in SIZES else int(size)
    if people < 1:
        raise ValueError(f"a world needs at least one person, not {people}")
    return World(size=people, seed=seed, scene=scene.draw(seed, people))
