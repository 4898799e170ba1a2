"""Modules that the supervisor loads once, so that its forked processes share them.

This saves 200 MB in an idle installation, and restarts take only a moment.
"""

import gc
import importlib
import os
import sys
from collections.abc import Callable, Mapping

from setproctitle import getproctitle

from codesign.config.servers.errors import ServerError

LIBRARIES = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "kombu.transport.redis",
)


def run_gunicorn() -> object:
    """Run gunicorn, as `python -m gunicorn` with this process's arguments."""
    from gunicorn.app.wsgiapp import run

    return run()


def run_celery() -> object:
    """Run Celery, as `python -m celery` with this process's arguments."""
    from celery.__main__ import main

    return main()


def run_command() -> object:
    """Run a management command, as `python manage.py` with this process's arguments."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *sys.argv])
    return None


PROGRAMS: dict[str, Callable[[], object]] = {"gunicorn": run_gunicorn, "celery": run_celery}


def load(environment: Mapping[str, str]) -> None:
    """Load settings, apps, pages, Celery and gunicorn into this process without connecting."""
    getproctitle()  # finds the process title in memory, which fails once more is loaded
    os.environ.update(environment)
    from codesign.config.starting import load_settings

    try:
        load_settings()
    except SystemExit as error:
        raise ServerError(str(error)) from error
    import django

    django.setup()
    for name in LIBRARIES:
        importlib.import_module(name)
    from django.urls import get_resolver

    _ = get_resolver().reverse_dict
    gc.collect()
    gc.freeze()


def inside(command: list[str]) -> Callable[[], object] | None:
    """Return the function that a fork runs instead of `python -m NAME …` or `manage.py …`.

    Returns None if nothing was loaded.
    """
    if "gunicorn.app.wsgiapp" not in sys.modules:
        return None
    return PROGRAMS[command[2]] if command[1] == "-m" else run_command
