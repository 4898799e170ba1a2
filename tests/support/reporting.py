"""Lines that a test reports after the run, whether it passed or not."""

TOLD = "told"
"""Name of the user property under which a test records such a line."""
