#!/usr/bin/env python
"""Entry point for every management command."""

import sys


def main() -> None:
    """Run one command; a missing server or a full disk gets a sentence instead of a traceback."""
    from codesign.config.starting import load_settings

    load_settings()
    from django.conf import settings
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from codesign.shared import disk_space

    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, OSError) as error:
        away = isinstance(error, OperationalError)
        if disk_space.was_lacking(error) or (away and disk_space.is_full(settings.CODESIGN_HOME)):
            raise SystemExit(disk_space.SENTENCE) from error
        if settings.SERVERS_RUNNING or not away:
            raise
        raise SystemExit("No database is running here: start `make run` first.") from error


if __name__ == "__main__":
    main()
