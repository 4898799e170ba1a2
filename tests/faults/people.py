"""People who judge through the API while servers fail."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx

AWAY = (httpx.TransportError, httpx.TimeoutException)
NOTHING = 204
PAUSE_S = 0.2
"""Between two requests: a person who reads, not a load test."""


def answer_to(assignment: Mapping[str, Any]) -> dict[str, Any]:
    """A full judgement of two responses."""
    shown = [response["id"] for response in assignment["responses"]]
    criteria = [criterion["key"] for criterion in assignment["rubric"]["criteria"]]
    return {
        "ratings": [
            {"response": response, "criterion": criterion, "score": 4}
            for response in shown
            for criterion in criteria
        ],
        "ranking": [[response] for response in shown],
        "active_seconds": 5,
    }


class Judge(threading.Thread):
    """Leases and sends until stopped; repeats each submission with its key until it is answered.

    `acknowledged` maps each judgement that was answered with 201 to its assignment; `unleased` says
    why nothing was given to judge, but for there being nothing.
    """

    def __init__(self, port: int, token: Callable[[], str], slug: str) -> None:
        super().__init__(daemon=True)
        self._token = token
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1/",
            timeout=30,
        )
        self._lease = f"studies/{slug}/assignments/"
        self.done = threading.Event()
        self.acknowledged: dict[str, str] = {}
        self.refused: list[str] = []
        self.unleased: list[str] = []

    def run(self) -> None:
        """Judge."""
        with self._client:
            while not self.done.wait(PAUSE_S):
                leased = self._until_answered("POST", self._lease)
                if leased is None:
                    return
                if leased.status_code in (200, 201):
                    self._send(leased.json())
                elif leased.status_code != NOTHING:
                    self.unleased.append(f"{leased.status_code} {leased.text[:200]}")

    def _send(self, held: dict[str, Any] | None) -> None:
        while held is not None and not self.done.is_set():
            address = f"assignments/{held['id']}/submission/"
            key = {"Idempotency-Key": uuid.uuid4().hex}
            answer = self._until_answered("POST", address, json=answer_to(held), headers=key)
            if answer is None:
                return
            if answer.status_code != 201:
                self.refused.append(f"{answer.status_code} {answer.text[:200]}")
                return
            self.acknowledged[answer.json()["judgement"]] = held["id"]
            held = answer.json()["next"]
            time.sleep(PAUSE_S)

    def _until_answered(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        """Repeat until the server is reachable; return its response, or None if stopped."""
        while not self.done.is_set():
            try:
                answer = self._client.request(method, path, **more)
            except AWAY:
                time.sleep(PAUSE_S)
                continue
            if answer.status_code == 401:  # each start of the demo renews its tokens
                self._client.headers["Authorization"] = f"Token {self._token()}"
            elif answer.status_code < 500:
                return answer
            time.sleep(PAUSE_S)
        return None
