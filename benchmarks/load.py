"""Bounded load from its own process: each thread is a person with an open connection."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import re
import statistics
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from benchmarks.people import Person

SECONDS = 8.0


@dataclass(frozen=True)
class Measured:
    """One run: requests per second, percentiles in milliseconds, and the client's own processor
    time for each request in milliseconds.
    """

    people: int
    per_second: float
    p50: float
    p95: float
    errors: int
    own: float
    times: list[float]
    """Time of each request, in milliseconds."""


def measure(
    kind: str, port: int, people: list[Person], seconds: float = SECONDS, slug: str = "bench"
) -> Measured:
    """Run `kind` (bare, judge or page) with these people for that many seconds."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_run, args=(kind, slug, port, people, seconds, answers))
    process.start()
    times, errors, own = answers.get(timeout=seconds * 4 + 60)
    process.join()
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    return Measured(
        people=len(people),
        per_second=len(times) / seconds,
        p50=cuts[49] * 1e3,
        p95=cuts[94] * 1e3,
        errors=errors,
        own=own * 1e3 / max(1, len(times)),
        times=[t * 1e3 for t in times],
    )


def _run(
    kind: str, slug: str, port: int, people: list[Person], seconds: float, answers: Any
) -> None:
    times: list[float] = []
    errors = [0]
    before = time.process_time()
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
    answers.put((times, errors[0], time.process_time() - before))


class Browser:
    """One person's connection with its cookies."""

    def __init__(self, port: int, person: Person) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {
            "Cookie": f"sessionid={person.session}; csrftoken={person.csrf}",
            "X-CSRFToken": person.csrf,
        }

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Send one request and return status and body."""
        self.connection.request(method, path, body, self.headers | headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()


class Door(Protocol):
    """A way to send requests one after the other. Returns True for the expected response."""

    def send(self) -> bool:
        """Send the next request."""


class Bare:
    """A view with one SELECT and nothing else."""

    def __init__(self, browser: Browser, slug: str) -> None:
        self.browser = browser

    def send(self) -> bool:
        """Request the view."""
        return self.browser.ask("GET", "/bare/")[0] == 200


class Api:
    """Send a judgement and get the next assignment, through the API."""

    def __init__(self, browser: Browser, slug: str) -> None:
        self.browser = browser
        self.slug = slug
        self.held: dict[str, Any] = self._lease()

    def _lease(self) -> dict[str, Any]:
        _, text = self.browser.ask("POST", f"/api/v1/studies/{self.slug}/assignments/")
        return dict(json.loads(text))

    def send(self) -> bool:
        """Submit the held assignment."""
        status, text = self.browser.ask(
            "POST",
            f"/api/v1/assignments/{self.held['id']}/submission/",
            json.dumps(judgement_of(self.held)),
            **{"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex},
        )
        if status == 201:
            self.held = json.loads(text)["next"] or self._lease()  # after an offer of a break
        return status == 201


class Page:
    """Press the submit button of the judging page, which returns the next one."""

    FORM = re.compile(r'<form id="judge".*? action="([^"]*)"', re.DOTALL)
    FIELD = re.compile(r'name="(key|csrfmiddlewaretoken)" value="([^"]*)"')
    SCALE = re.compile(r'name="(rating-[^"]*)"')

    def __init__(self, browser: Browser, slug: str) -> None:
        self.browser = browser
        self.slug = slug
        self._open()

    def _open(self) -> None:
        self.page = self.browser.ask("GET", f"/studies/{self.slug}/judge/")[1].decode()

    def send(self) -> bool:
        """Fill in and submit the current page."""
        if 'id="judge"' not in self.page:
            self._open()  # after an offer of a break
        form = self.FORM.search(self.page)
        assert form is not None, "no page to fill in"
        fields = dict(self.FIELD.findall(self.page))
        fields |= dict.fromkeys(self.SCALE.findall(self.page), "4")
        fields |= {"comparison": "A2", "active_seconds": "30", "do": "send"}
        status, text = self.browser.ask(
            "POST",
            form[1],
            urlencode(fields),
            **{"Content-Type": "application/x-www-form-urlencoded"},
        )
        if status == 200:
            self.page = text.decode()
        return status == 200


DOORS: dict[str, Callable[[Browser, str], Door]] = {"bare": Bare, "judge": Api, "page": Page}


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
    door = DOORS[kind](Browser(port, person), slug)
    start.wait()
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        if door.send():
            times.append(time.perf_counter() - began)
        else:
            errors[0] += 1
            time.sleep(0.05)


def judgement_of(assignment: dict[str, Any]) -> dict[str, Any]:
    """Return a complete submission for an assignment."""
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
