"""Web, workers and beat under honcho: when one ends, all end. Run as `python -m iaros.bootstrap.crew HOST PORT`."""

import os
import shlex
import sys

from iaros.bootstrap.processes import die_with_parent

ROLES = ("web", "worker", "training", "beat")


def commands(host: str, port: int, *, cores: int) -> dict[str, list[str]]:
    """What each member of the crew runs, with the environment's own interpreter."""
    celery = [sys.executable, "-m", "celery", "--app", "iaros.celery"]
    worker = [*celery, "worker", "--loglevel", "warning", "--without-gossip", "--without-mingle"]
    web = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    return {
        "web": [*web, "--workers", str(min(cores, 4)), "--blocking-threads", "4", "iaros.wsgi:application"],
        "worker": [*worker, "--queues", "realtime,batch", "--concurrency", str(min(cores, 8)), "-n", "worker@%h"],
        # Training takes every core by itself: one at a time.
        "training": [*worker, "--queues", "training", "--concurrency", "1", "-n", "training@%h"],
        "beat": [*celery, "beat", "--loglevel", "warning", "--pidfile", ""],
    }


def serve(host: str, port: int) -> int:
    """Run the crew until one of them ends or a signal comes; the exit code of the first that ended."""
    from honcho import manager as honcho
    from honcho.printer import Printer

    # A worker may finish what it has begun; five seconds are too few on a busy machine.
    honcho.KILL_WAIT = 20
    # Should `up` be killed, the kernel tells us, and we end the others in good order.
    die_with_parent()
    manager = honcho.Manager(Printer(sys.stdout))
    for name, command in commands(host, port, cores=os.cpu_count() or 1).items():
        manager.add_process(name, f"exec {shlex.join(command)}", env=dict(os.environ))
    manager.loop()
    return int(manager.returncode or 0)


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1], int(sys.argv[2])))
