"""What a test of faults has to tell is shown after the run, passed or not."""

from __future__ import annotations

from _pytest.terminal import TerminalReporter

SUMMARY = "faults"
"""Under this name a test records a line."""


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Show the lines; they come through reports, so under xdist too."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    told = [line for one in reports for name, line in one.user_properties if name == SUMMARY]
    if told:
        terminalreporter.section("faults")
    for line in told:
        terminalreporter.line(str(line))
