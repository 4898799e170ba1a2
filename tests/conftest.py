"""Fixtures that tests of every app may use."""

import os
import shutil

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


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
