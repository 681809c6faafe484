"""What the bootstrap says to a person: progress and problems, all of it on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Problem(Exception):
    """Something a person has to put right: what is wrong, then what to do about it."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def say(text: str) -> None:
    """One line to stderr; stdout belongs to the command."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step that takes a while, and how long it took."""
    say(f"· {title}")
    started = time.monotonic()
    yield
    say(f"  done in {time.monotonic() - started:.1f} s")


def explain(problem: Problem) -> None:
    """Show a problem in the words of the person who has to mend it."""
    say(f"\n{problem.what}")
    if problem.remedy:
        say(f"What to do: {problem.remedy}")
