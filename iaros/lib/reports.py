"""What a stage of the pipeline says about itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class StageReport:
    """One stage of one run: how many profiles went through, in how many seconds of wall time."""

    stage: str
    profiles: int
    seconds: float
    note: str = ""

    @property
    def per_second(self) -> float:
        return self.profiles / self.seconds if self.seconds > 0 else 0.0

    def as_dict(self) -> dict[str, object]:
        return {
            "stage": self.stage,
            "profiles": self.profiles,
            "seconds": round(self.seconds, 3),
            "per_second": round(self.per_second, 1),
            "note": self.note,
        }


class Progress(Protocol):
    """Told how far a long piece of work is; raises to stop it when it was cancelled."""

    def __call__(self, *, phase: str, done: int, total: int) -> None: ...


def silent(*, phase: str, done: int, total: int) -> None:
    """A progress nobody watches."""


class Spent:
    """Wall time of a piece of work by its stages, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """Count the block to the stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started

    def each(self, stage: str, things: Iterator[T]) -> Iterator[T]:
        """Hand out the things, the making of each counted to the stage."""
        while True:
            with self.on(stage):
                thing = next(things, None)
            if thing is None:
                return
            yield thing


class Stopwatch:
    """Counts the profiles of one stage while it runs."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self.profiles = 0
        self.note = ""
        self.started = time.perf_counter()
        self.report: StageReport | None = None

    def finish(self) -> StageReport:
        self.report = StageReport(self.stage, self.profiles, time.perf_counter() - self.started, self.note)
        return self.report


@contextmanager
def timed(stage: str, into: list[StageReport]) -> Iterator[Stopwatch]:
    """Time a stage and append its report to `into`."""
    watch = Stopwatch(stage)
    yield watch
    into.append(watch.finish())
