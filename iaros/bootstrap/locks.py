"""Locks that the kernel gives back when their holder dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iaros.bootstrap.console import say


class Lock:
    """An advisory lock on a file, shared or exclusive; a child that inherits the descriptor holds it too."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self, *, shared: bool = False) -> None:
        fcntl.flock(self.descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def try_take(self, *, shared: bool = False) -> bool:
        try:
            fcntl.flock(self.descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self.descriptor)

    def write(self, text: str) -> None:
        """Leave a note in the file for those who find it locked."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text.encode(), 0)

    def note(self) -> str:
        return os.pread(self.descriptor, 4096, 0).decode()


@contextmanager
def exclusively(path: Path, busy: str) -> Iterator[Lock]:
    """Hold a lock for a while; says why when it has to wait for another command."""
    lock = Lock(path)
    try:
        if not lock.try_take():
            say(f"  waiting: {busy}")
            lock.take()
        yield lock
    finally:
        lock.close()


def is_held(path: Path) -> bool:
    """Whether some living process holds the lock exclusively. Asks by sharing it, so that two who ask do not clash."""
    if not path.exists():
        return False
    lock = Lock(path)
    try:
        return not lock.try_take(shared=True)
    finally:
        lock.close()
