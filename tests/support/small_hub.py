"""A Hub on 127.0.0.1 that takes uploads of models from the client of `huggingface_hub`."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "token-of-a-test"


class SmallHub(ThreadingHTTPServer):
    """Keeps what was created and uploaded. `refuses` is a status for every request.

    `public` is whether the repository is there already, and everybody may read it.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.created: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.large: dict[str, bytes] = {}
        self.refuses = 0
        self.public = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers the seven requests of an upload."""

    server: SmallHub

    def do_GET(self) -> None:
        self._answer({"id": "org/name", "private": not self.server.public, "siblings": []})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        address = f"{self.server.address}/org/name"
        if self.headers["Authorization"] != f"Bearer {TOKEN}" or self.server.refuses:
            self._answer({"error": "No."}, status=self.server.refuses or 401)
        elif self.path == "/api/repos/create" and self.server.public:
            self._answer({"url": address, "error": "It is there already."}, status=409)
        elif self.path == "/api/repos/create":
            self.server.created.append(json.loads(body))
            self._answer({"url": address})
        elif self.path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif self.path.endswith("/preupload/main"):
            self._answer({"files": [_mode(file) for file in json.loads(body)["files"]]})
        elif self.path.endswith("/info/lfs/objects/batch"):
            wanted = json.loads(body)["objects"]
            self._answer({"transfer": "basic", "objects": [self._large(one) for one in wanted]})
        else:
            self._commit([json.loads(line) for line in body.splitlines()])

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.large[self.path.rpartition("/")[2]] = content
        self._answer({})

    def _large(self, one: dict[str, Any]) -> dict[str, Any]:
        action = {"href": f"{self.server.address}/large/{one['oid']}", "header": {}}
        return {**one, "authenticated": True, "actions": {"upload": action}}

    def _commit(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.server.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.server.files[value["path"]] = self.server.large[value["oid"]]
        address = f"{self.server.address}/org/name/commit/1"
        self._answer({"commitUrl": address, "commitOid": "1"})

    def _answer(self, content: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _mode(file: dict[str, Any]) -> dict[str, Any]:
    large = file["path"].endswith(".safetensors")
    return {
        "path": file["path"],
        "uploadMode": "lfs" if large else "regular",
        "shouldIgnore": False,
        "oid": None,
    }


@contextmanager
def small_hub() -> Iterator[SmallHub]:
    """A Hub that runs in a thread."""
    hub = SmallHub()
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
