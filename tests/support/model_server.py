"""A small OpenAI-compatible server on loopback that answers, or fails as a test chooses.

`python -m tests.support.model_server PORT SECONDS` serves on its own, each answer after SECONDS.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = Callable[["Handler", dict[str, Any]], None]

MODEL = "made-up-model"
WORDS = ("rest", "tea", "walk", "friend", "letter", "garden", "evening", "breath", "music", "bread")


class Handler(BaseHTTPRequestHandler):
    """Answers one chat completion, or lets the next fault of its server answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server: Any = self.server
        with server.lock:
            server.asked.append((self.path, dict(self.headers), body))
            server.busy += 1
            server.most_busy = max(server.most_busy, server.busy)
            fault = server.faults.pop(0) if server.faults else server.always
        try:
            if server.seconds:
                time.sleep(server.seconds)
            (fault or answer)(self, body)
        finally:
            with server.lock:
                server.busy -= 1

    def send(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""


def text_for(body: dict[str, Any]) -> str:
    """A text that depends on the whole request, as a sampled one does."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    return f"Perhaps {' '.join(WORDS[byte % len(WORDS)] for byte in digest[:8])}."


def completion(body: dict[str, Any], text: str | None, **extra: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 10, "total_tokens": 50},
        **extra,
    }


def answer(handler: Handler, body: dict[str, Any]) -> None:
    handler.send(200, completion(body, text_for(body)))


def says(text: str | None, **extra: Any) -> Fault:
    """The same text whatever is asked."""
    return lambda handler, body: handler.send(200, completion(body, text, **extra))


def fails(status: int, message: str = "", *, code: str = "", **headers: str) -> Fault:
    error = {"message": message, "type": "error", "code": code or None, "param": None}
    return lambda handler, _body: handler.send(status, {"error": error}, **headers)


def half_a_body(handler: Handler, body: dict[str, Any]) -> None:
    """Promise more than is sent, and hang up."""
    data = json.dumps(completion(body, "Half")).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])
    handler.close_connection = True


def no_json(handler: Handler, _body: dict[str, Any]) -> None:
    handler.send(200, b'{"choices": [')


def hang_up(handler: Handler, _body: dict[str, Any]) -> None:
    """End the connection without a byte."""
    handler.close_connection = True


class ModelServer(ThreadingHTTPServer):
    """What was asked, what fails next, and how many requests there were at a time."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0, seconds: float = 0.0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.lock = threading.Lock()
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.faults: list[Fault] = []
        self.always: Fault | None = None
        self.seconds = seconds
        self.busy = self.most_busy = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """Serve until the block ends."""
    with ModelServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    ModelServer(int(sys.argv[1]), float(sys.argv[2])).serve_forever()
