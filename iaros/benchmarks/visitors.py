"""The light side of the measurement of the API: so many connections, each asks, waits for the answer and asks again.

Runs in a process of its own, with the standard library only, and says what of the processor it took itself.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from typing import Any

_ENDS_HEAD, _LENGTH = b"\r\n\r\n", re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Visitor:
    """One connection that is kept: a request on the way, and what has come of its answer."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer, self.asked_at = b"", 0.0

    def ask(self, request: bytes) -> None:
        self.answer, self.asked_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> int:
        """What came; the status once the answer is whole, until then 0. Raises ConnectionError when it was hung up."""
        part = self.socket.recv(1 << 16)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.answer += part
        end = self.answer.find(_ENDS_HEAD)
        if end < 0:
            return 0
        length = _LENGTH.search(self.answer, 0, end + 2)
        if length is None:
            raise ConnectionError("an answer that does not say how long it is")
        return int(self.answer[9:12]) if len(self.answer) >= end + len(_ENDS_HEAD) + int(length[1]) else 0


def visit(host: str, port: int, token: str, paths: list[str], connections: int, seconds: float) -> dict[str, Any]:
    """Ask for the paths, one after the other and again, until the time is over; milliseconds by share of requests."""
    requests = _requests(host, port, token, paths)
    waiting = selectors.DefaultSelector()
    for _ in range(connections):
        visitor = Visitor((host, port))
        waiting.register(visitor.socket, selectors.EVENT_READ, visitor)
        visitor.ask(next(requests))
    took: list[float] = []
    statuses: Counter[int] = Counter()
    began, cpu = time.perf_counter(), time.process_time()
    while (now := time.perf_counter()) < began + seconds:
        for key, _ in waiting.select(timeout=1):
            visitor = key.data
            if status := visitor.read():
                took.append(time.perf_counter() - visitor.asked_at)
                statuses[status] += 1
                visitor.ask(next(requests))
    spent = {"seconds": now - began, "cpu_seconds": time.process_time() - cpu}
    for key in list(waiting.get_map().values()):
        key.data.socket.close()
    return {"took": sorted(took), "statuses": dict(statuses), **spent}


def _requests(host: str, port: int, token: str, paths: list[str]) -> Iterator[bytes]:
    head = f"HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n\r\n"
    return cycle([f"GET {path} {head}".encode() for path in paths])


def main() -> None:
    """Serve orders from stdin, one JSON line each, with an answer each on stdout, until there are no more."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(visit(**json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
