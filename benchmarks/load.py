"""Bounded load from a process of its own: threads, each a person with a connection kept open."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import statistics
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from benchmarks.people import Person

SECONDS = 8.0


@dataclass(frozen=True)
class Measured:
    """One run: requests per second, and the spread of their times in milliseconds."""

    people: int
    per_second: float
    p50: float
    p95: float
    errors: int
    times: list[float]
    """Of each request, in milliseconds."""


def measure(
    kind: str, port: int, people: list[Person], seconds: float = SECONDS, slug: str = "bench"
) -> Measured:
    """Run `kind` (bare or judge) with that many people for that long."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_run, args=(kind, slug, port, people, seconds, answers))
    process.start()
    times, errors = answers.get(timeout=seconds * 4 + 60)
    process.join()
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    return Measured(
        len(people),
        len(times) / seconds,
        cuts[49] * 1e3,
        cuts[94] * 1e3,
        errors,
        [t * 1e3 for t in times],
    )


def _run(
    kind: str, slug: str, port: int, people: list[Person], seconds: float, answers: Any
) -> None:
    times: list[float] = []
    errors = [0]
    start = threading.Barrier(len(people))
    threads = [
        threading.Thread(
            target=_person, args=(kind, slug, port, person, seconds, start, times, errors)
        )
        for person in people
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put((times, errors[0]))


class Browser:
    """One person's connection, cookies and all."""

    def __init__(self, port: int, person: Person) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {
            "Cookie": f"sessionid={person.session}; csrftoken={person.csrf}",
            "X-CSRFToken": person.csrf,
            "Content-Type": "application/json",
        }

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """One request and its whole answer."""
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, self.headers | headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def _person(
    kind: str,
    slug: str,
    port: int,
    person: Person,
    seconds: float,
    start: threading.Barrier,
    times: list[float],
    errors: list[int],
) -> None:
    browser = Browser(port, person)
    held: dict[str, Any] | None = None
    if kind == "judge":
        status, text = browser.ask("POST", f"/api/v1/studies/{slug}/assignments/")
        held = json.loads(text) if status in (200, 201) else None
    start.wait()
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        if kind == "bare":
            status, _ = browser.ask("GET", "/bare/")
        elif held is None:
            errors[0] += 1
            return
        else:
            status, text = browser.ask(
                "POST",
                f"/api/v1/assignments/{held['id']}/submission/",
                judgement_of(held),
                **{"Idempotency-Key": uuid.uuid4().hex},
            )
            held = json.loads(text).get("next") if status == 201 else held
        if status in (200, 201):
            times.append(time.perf_counter() - began)
        else:
            errors[0] += 1
            time.sleep(0.05)


def judgement_of(assignment: dict[str, Any]) -> dict[str, Any]:
    """A full answer to an assignment."""
    first, second = (response["id"] for response in assignment["responses"])
    return {
        "ratings": [
            {"response": response, "criterion": criterion["key"], "score": 4}
            for response in (first, second)
            for criterion in assignment["rubric"]["criteria"]
        ],
        "ranking": [[first], [second]],
        "strength": 2,
        "active_seconds": 30,
    }
