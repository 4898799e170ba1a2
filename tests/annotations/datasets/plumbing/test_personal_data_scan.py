"""The process that looks for personal data: what it finds, and what its failures do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from annotations.datasets.plumbing.personal_data_scan import (
    COMMAND,
    ROOT,
    ScanFailed,
    with_personal_data,
)

MAIL, LINE = "Write to someone@example.org.", "Ring Samaritans on 116 123.\nThey listen ☂"


def test_texts_with_personal_data_are_found_and_helplines_passed_over() -> None:
    """standards 7.5."""
    matches = with_personal_data([LINE, MAIL, "Nothing"] * 3, helplines=["116 123"])
    assert matches == {MAIL}


def test_no_texts_start_no_process() -> None:
    assert with_personal_data([], helplines=[], command=["no such program"]) == frozenset()


@pytest.mark.parametrize(
    "command",
    [
        ["false"],
        ["sh", "-c", r"printf '\0'; kill -9 $$"],  # dead after one of two texts
        ["sh", "-c", "exec sleep 60"],
    ],
)
def test_a_scan_that_does_not_end_clears_no_text(command: Sequence[str]) -> None:
    with pytest.raises(ScanFailed, match="of 2 texts were scanned"):
        with_personal_data(["one", "two"], helplines=[], command=command, stuck_after=0.5)


def test_cancelling_a_scan_does_not_wait() -> None:
    def enough() -> None:
        raise KeyError("cancelled")

    endless = ["sh", "-c", r"printf '\0'; exec sleep 60"]
    with pytest.raises(KeyError, match="cancelled"):
        with_personal_data(["one", "two"], helplines=[], command=endless, on_progress=enough)


def test_torch_is_never_loaded_for_it() -> None:
    """PyTorch alone needs twice the memory limit of a release."""
    code = (
        "from annotations.datasets.plumbing import personal_data_scanner\n"
        "personal_data_scanner.main(); import torch"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        input='["116 123"]\n"Fine"\n',
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "\0"
    assert ended.stderr.rstrip().endswith("ModuleNotFoundError")


def test_an_error_log_never_quotes_the_text() -> None:
    """The log must not quote a text that breaks the scan: it is a person's own words."""
    ended = subprocess.run(
        COMMAND,
        cwd=ROOT,
        input="[]\nsecret words\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert ended.stderr.rstrip().endswith("JSONDecodeError")
    assert "secret" not in ended.stderr
