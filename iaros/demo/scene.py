"""The scene: what every block shares (network, prices, agencies, names)."""

from dataclasses import dataclass

import numpy as np

from iaros.demo import agencies, fares, names, routes
from iaros.demo.agencies import Agency
from iaros.demo.fares import Markets
from iaros.demo.names import NameBook
from iaros.demo.routes import Timetable

_SCENE = 2**32 - 1  # no block has this number


@dataclass(frozen=True)
class Scene:
    seed: int
    timetable: Timetable
    markets: Markets
    agencies: list[Agency]
    names: NameBook


def draw(seed: int, people: int) -> Scene:
    network, prices, trade = (np.random.default_rng([seed, _SCENE, part]) for part in range(3))
    timetable = routes.build(network)
    return Scene(
        seed=seed,
        timetable=timetable,
        markets=fares.markets(prices, timetable),
        agencies=agencies.draw(trade, agencies.count(people)),
        names=names.book(),
    )
