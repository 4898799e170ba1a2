"""Fixtures that tests of every app may use."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from django.core.cache import caches
from django.core.management import call_command
from playwright.sync_api import Browser, sync_playwright

from modelhub.engine.weights import ensure_embedded
from tests.support.reporting import TOLD

# Playwright runs an event loop in this thread; Django would refuse to touch the database in it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

OWN_SERVER = "CODESIGN_TEST_SERVER"
"""Set by tests/plugin.py where the database server is a throw-away of this run."""
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


LONG_FIRST = (
    "faults/test_jobs.py",
    "modelhub/engine/test_train.py",
    "modelhub/services/test_training.py",
    "journeys/test_whole_loop.py",
    "config/test_supervisor.py",
    "faults",
    "config",
    "modelhub/engine",
    "journeys",
    "browser",
    "guards",
)
"""Files that take minutes, and folders of such files, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first, so that no worker is left alone with one at the end.

    pytest-xdist gives files to workers in this order (`--no-loadscope-reorder`); by itself it
    begins with the files of most tests, and the longest have few.
    """
    tests = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(tests)
        ranks = (n for n, long in enumerate(LONG_FIRST) if path.is_relative_to(long))
        return next(ranks, len(LONG_FIRST))

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """Look for garbage rarely, and never among what is loaded by now: a tenth less to compute."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Show the lines that tests reported, including those of workers."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    told = [line for one in reports for name, line in one.user_properties if name == TOLD]
    if told:
        terminalreporter.section("told by the tests")
    for line in told:
        terminalreporter.line(str(line))


@pytest.fixture(autouse=True)
def _nothing_counted_yet() -> None:
    """Clear the request limits: all tests send requests from one address."""
    caches["requests"].clear()


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Leave the test databases to the end of their server, where it is ours and ends with the run.

    Dropping them refuses while anybody is connected, and a browser may still be hanging up.
    """
    return OWN_SERVER in os.environ or bool(request.config.getvalue("reuse_db"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser that browser tests drive; `make test` sees that it is there.

    `CHROMIUM` names another one.
    """
    names = (os.environ["CHROMIUM"],) if "CHROMIUM" in os.environ else CHROMIUM_NAMES
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.fail(f"No browser found ({', '.join(names)}): install Chromium or set CHROMIUM.")


@pytest.fixture(scope="session")
def embedded_model() -> Path:
    """The embedded model's folder; `CODESIGN_TEST_MODELS` says where it is kept.

    Workers of one run, and several runs, share it: the first converts it (half a minute).
    """
    default = Path(tempfile.gettempdir()) / f"codesign-models-{os.getuid()}"
    return ensure_embedded(Path(os.environ.get("CODESIGN_TEST_MODELS", default)))


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """The one browser of the session; each page gets a context of its own."""
    call_command("build_fonts", verbosity=0)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
