"""How pages and the judging loop slow down as a study grows, measured at several sizes.

Each study has its own database and web server, and they are queried in turns. The smallest study is
also added to the largest database, because a small study must not suffer from a large one.
"""

from __future__ import annotations

import contextlib
import functools
import json
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks import chores, filling, machine
from benchmarks.filling import JUDGE_AT_ONCE, Filled
from benchmarks.load import Browser, judgement_of, measure
from benchmarks.people import Person

SIZES = (1_000, 100_000, 1_000_000)
TIMES = 40
WARM = 4
LONGEST = 12.0
"""Seconds for all turns of one line. Fast pages are measured `TIMES` times, slow ones less."""
LOOP_SECONDS = 6.0

PAGES: tuple[tuple[str, str, str], ...] = (
    ("coordinator", "home", ""),
    ("coordinator", "prompts, first page", "prompts/"),
    ("coordinator", "prompts, last page", "prompts/?last=yes"),
    ("coordinator", "a prompt", "prompts/{prompt}/"),
    ("coordinator", "rounds", "rounds/"),
    ("coordinator", "review", "review/"),
    ("coordinator", "review of reports", "review/?kind=flags"),
    ("coordinator", "decided", "review/decided/"),
    ("coordinator", "releases", "releases/"),
    ("coordinator", "people", "people/"),
    ("coordinator", "rates", "pay/rates/"),
    ("coordinator", "pay entries", "pay/entries/"),
    ("coordinator", "generation runs", "generation/"),
    ("coordinator", "a generation run", "generation/{run}/"),
    ("coordinator", "start generation", "generation/new/"),
    ("coordinator", "imports", "imports/"),
    ("clinician", "home", ""),
    ("clinician", "review", "review/"),
    ("clinician", "judge", "judge/"),
    ("ml_engineer", "home", ""),
    ("ml_engineer", "models", "models/"),
    ("ml_engineer", "training", "training/"),
    ("auditor", "home", ""),
    ("auditor", "trail", "trail/"),
    ("auditor", "trail, last page", "trail/?last=yes"),
    ("panelist", "home", ""),
    ("panelist", "judge", "judge/"),
    ("panelist", "my pay", "pay/"),
    ("panelist", "my choices", "consent/choices/"),
    ("coordinator", "API prompts", "/api/v1/studies/{slug}/prompts/"),
    ("coordinator", "API prompts, 500", "/api/v1/studies/{slug}/prompts/?page_size=500"),
    ("ml_engineer", "API runs", "/api/v1/studies/{slug}/generation-runs/"),
    ("ml_engineer", "API releases", "/api/v1/studies/{slug}/dataset-releases/"),
    ("ml_engineer", "API retractions", "/api/v1/studies/{slug}/retractions/"),
    ("ml_engineer", "API models", "/api/v1/models/"),
    ("ml_engineer", "API training", "/api/v1/training-runs/"),
)


@dataclass
class Site:
    """A study, its web server, and the measured times in milliseconds."""

    title: str
    filled: Filled
    port: int = 0
    times: dict[str, list[float]] = field(default_factory=dict)
    held: dict[str, Any] = field(default_factory=dict)

    def ask(self, role: str, path: str) -> float:
        """GET a page. Return milliseconds."""
        names = {"slug": self.filled.slug, "prompt": self.filled.prompt, "run": self.filled.run}
        path = (path if path.startswith("/") else "/studies/{slug}/" + path).format(**names)
        return self._timed(Browser(self.port, self.filled.people[role]), "GET", path)[0]

    def judge(self, person: Person) -> float:
        """Submit the held assignment and get the next. Return milliseconds."""
        browser = Browser(self.port, person)
        if not self.held:
            path = f"/api/v1/studies/{self.filled.slug}/assignments/"
            self.held = json.loads(self._timed(browser, "POST", path)[1])
        took, text = self._timed(
            browser,
            "POST",
            f"/api/v1/assignments/{self.held['id']}/submission/",
            json.dumps(judgement_of(self.held)),
            **{"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex},
        )
        self.held = json.loads(text)["next"]
        return took

    def _timed(
        self, browser: Browser, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[float, bytes]:
        browser.ask("GET", "/bare/")  # connects
        began = time.perf_counter()
        status, text = browser.ask(method, path, body, **headers)
        took = (time.perf_counter() - began) * 1e3
        if status not in (200, 201):
            raise SystemExit(f"{self.title}: {path} returned {status}: {text[:300]!r}")
        return took, text


def run(sizes: tuple[int, ...] = SIZES) -> None:
    """Fill and measure each size in turns, and print one table. Asserts nothing.

    Takes about 20 minutes and 8 GB of disk for a million prompts, on an idle machine of two cores.
    """
    began = time.perf_counter()
    machine.make_database("empty")
    sites: list[Site] = []
    for prompts in sizes:
        machine.make_database(f"growth_{prompts}", template="empty")
        sites.append(_site(f"{prompts:,}", f"growth_{prompts}", prompts))
    largest = f"growth_{sizes[-1]}"
    sites.append(_site(f"{sizes[0]:,} beside {sizes[-1]:,}", largest, sizes[0], slug="beside"))
    began = _took("filling", began)
    with contextlib.ExitStack() as stack:
        for prompts, site in zip(sizes, sites, strict=False):
            site.port, _ = stack.enter_context(machine.web(f"growth_{prompts}"))
        sites[-1].port = sites[-2].port
        _print_title(sites)
        for what, ask in _asks():
            _in_turns(sites, what, ask)
        for site in sites:
            _judge_at_once(site)
        _print_line(sites, f"judging, {JUDGE_AT_ONCE} at once")
    began = _took("measuring", began)
    chores.run(largest)
    _took("chores", began)


def _took(what: str, began: float) -> float:
    """Print how long a part took. Return the current time."""
    now = time.perf_counter()
    print(f"({what}: {(now - began) / 60:.1f} minutes)", flush=True)
    return now


def _site(title: str, database: str, prompts: int, **slug: str) -> Site:
    filled = filling.filled(database, prompts, **slug)
    print(f"{title} prompts: filled in {filled.seconds:.0f} s, {filled.size} now", flush=True)
    return Site(title, filled)


def _asks() -> Iterator[tuple[str, Callable[[Site], float]]]:
    """Yield what is measured, in order: first the loop, then the pages."""
    yield "judging, alone", lambda site: site.judge(site.filled.judging[0])
    yield "judging, after months", lambda site: site.judge(site.filled.people["panelist"])
    for role, what, path in PAGES:
        yield f"{role}: {what}", functools.partial(Site.ask, role=role, path=path)


def _in_turns(sites: list[Site], what: str, ask: Callable[[Site], float]) -> None:
    """Measure the sites in turns, so that other load on the machine affects all of them alike."""
    for site in sites:
        site.held = {}
    end = time.perf_counter() + LONGEST
    for number in range(WARM + TIMES):
        for site in sites:
            took = ask(site)
            if number >= WARM:
                site.times.setdefault(what, []).append(took)
        if time.perf_counter() > end and number > WARM:
            break
    _print_line(sites, what)


def _judge_at_once(site: Site) -> None:
    people, slug = site.filled.judging[1:], site.filled.slug
    measure("judge", site.port, people, seconds=2, slug=slug)
    got = measure("judge", site.port, people, seconds=LOOP_SECONDS, slug=slug)
    site.times[f"judging, {JUDGE_AT_ONCE} at once"] = got.times


def _spread(times: list[float]) -> tuple[float, float]:
    if len(times) < 2:
        return times[0], times[0]
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return cuts[49], cuts[94]


def _print_title(sites: list[Site]) -> None:
    print("\nMedian / p95 in ms, and their ratios to those of the smallest study")
    print(f"{'':32}" + "".join(f"{site.title:>28}" for site in sites))


def _print_line(sites: list[Site], what: str) -> None:
    spreads = [_spread(site.times[what]) for site in sites]
    small = spreads[0]
    cells = []
    for number, (median, p95) in enumerate(spreads):
        ratio = f"  {median / small[0]:4.1f} {p95 / small[1]:4.1f}" if number else ""
        cells.append(f"{f'{median:8.1f} /{p95:8.1f}{ratio}':>28}")
    print(f"{what:32}" + "".join(cells), flush=True)
