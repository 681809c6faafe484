"""Who measures the API asks over kept connections, and counts what came and how long it took."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from iaros.benchmarks import visitors


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.headers["Authorization"].encode()
        self.send_response(200 if self.path == "/known" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_visit__asks_again_and_again_and_counts_each_answer(port):
    told = visitors.visit("127.0.0.1", port, "t", ["/known", "/unknown"], connections=2, seconds=0.3)

    assert set(told["statuses"]) == {200, 404}
    assert len(told["took"]) == sum(told["statuses"].values()) > 4
    assert told["took"] == sorted(told["took"])
