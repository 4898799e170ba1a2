"""The names of tests: workers must agree on them, and so must yesterday's report and today's."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.running import PATIENCE
from tests.support.source import ROOT


def test_no_name_of_a_test_changes_from_one_run_to_the_next(request: pytest.FixtureRequest) -> None:
    """Prevents pytest-xdist from refusing a run because workers collect different names."""
    asked = [one for one in request.config.args if "::" not in one] or ["tests/guards"]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", *asked]
    elsewhere = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu"}
    elsewhere = {name: value for name, value in elsewhere.items() if "XDIST" not in name}
    again = subprocess.run(
        command, cwd=ROOT, env=elsewhere, capture_output=True, text=True, timeout=PATIENCE
    )
    assert again.returncode == 0, again.stdout[-2000:]
    names = {line for line in again.stdout.splitlines() if "::" in line}
    here = {re.sub(r"@[\w-]+$", "", item.nodeid) for item in request.session.items}
    assert here - names == set()
