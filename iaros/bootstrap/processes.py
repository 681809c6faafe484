"""Starting, stopping and finding processes, so that none is left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
CALLED_BY = "IAROS_CALLED_BY"  # the pid of the bootstrap that prepared this process's environment
RUN = "IAROS_RUN"  # every process of one `up` or `test` carries the same token


class Stopped(BaseException):
    """A signal asked us to stop; carries its number, so that the exit code can say so."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into `Stopped`, once: cleaning up is not interrupted by a second one."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, _: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    # Under nohup, SIGHUP is ignored from the start and stays so.
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    former = {number: signal.signal(number, stop) for number in heeded}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def leaving_ctrl_c_to_the_child() -> Iterator[None]:
    """At a terminal, Ctrl-C reaches the child by itself, and what it means there (in a shell, say) is its affair."""
    if not sys.stdin.isatty():
        yield
        return
    # A handler that does nothing, since a child would inherit that the signal is ignored.
    former = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel for `number` when our parent dies; does nothing where the kernel has no such thing."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, number)


def run(
    arguments: Sequence[str | Path], *, environment: Mapping[str, str], keep: Iterable[int] = (), **options: object
) -> int:
    """Run a child to its end and return its exit code; when we are stopped, it is stopped first."""
    child = subprocess.Popen(
        [str(each) for each in arguments],
        env=dict(environment),
        pass_fds=tuple(keep),
        **options,  # type: ignore[call-overload]
    )
    try:
        code = child.wait()
    except BaseException:
        stop(child)
        raise
    return 128 - code if code < 0 else code


def stop(child: subprocess.Popen[bytes], *, number: int = signal.SIGTERM, patience: float = 20) -> None:
    """Ask a child to end, insist after `patience` seconds, and collect it."""
    if child.poll() is None:
        child.send_signal(number)
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs; one that ended and was not collected yet does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def carrying(name: str, value: str) -> list[int]:
    """Ids of the processes, other than this one, that have `name=value` in their environment (Linux)."""
    wanted = f"{name}={value}".encode()
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            variables = (directory / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in variables and int(directory.name) != os.getpid() and is_alive(int(directory.name)):
            found.append(int(directory.name))
    return found


def sweep(token: str, *, patience: float = 15) -> int:
    """End whatever is left of one run, politely and then not; returns how many processes there were."""
    left = carrying(RUN, token)
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        for pid in carrying(RUN, token):
            _send(pid, number)
        if wait_until(lambda: not carrying(RUN, token), seconds):
            break
    return len(left)


def wait_until(condition: Callable[[], bool], seconds: float, *, pause: float = 0.05) -> bool:
    """Whether `condition` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
