"""`transformers serve` on 127.0.0.1, with a model from a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.running import eventually, free_port

STARTS_S = 180


class Served:
    """A server that has loaded its model."""

    def __init__(self, address: str, model: Path) -> None:
        self.address, self._model = address, model

    def reply(self, messages: list[dict[str, str]], *, most: int) -> str:
        """The reply to a conversation, in at most so many tokens."""
        body = {"model": str(self._model), "messages": messages, "max_tokens": most}
        request = urllib.request.Request(
            f"{self.address}/v1/chat/completions",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=STARTS_S) as answer:
            said: dict[str, Any] = json.load(answer)
        return str(said["choices"][0]["message"]["content"])


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[Served]:
    """Serve the model of a folder, as an operator would."""
    port = free_port()
    program = Path(sys.executable).with_name("transformers")
    command = [str(program), "serve", str(folder), "--port", str(port), "--device", "cpu"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
        )
    try:
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: process.poll() is not None or _answers(address), seconds=STARTS_S)
        assert process.poll() is None, log.read_text()
        yield Served(address, folder)
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False
