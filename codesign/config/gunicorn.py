"""Gunicorn's configuration, used by `python -m codesign.config.serve`.

`PORT`, `WEB_HOST`, `WEB_CONCURRENCY`, and the certificate for `CODESIGN_TLS=own`, come from the
environment. All other options are set here, so that `make run` and a server behave alike.
"""

import gc
import os
from typing import Any

from codesign.config.starting import load_settings

load_settings()

from django.conf import settings  # noqa: E402 - load_settings() reports errors first

bind = f"{os.environ.get('WEB_HOST', '127.0.0.1')}:{settings.ENV.port}"
worker_class = "gthread"
workers = settings.ENV.web_processes
threads = 8
timeout = 60
graceful_timeout = 5
preload_app = True  # processes share what is loaded before forking
control_socket_disable = True
logconfig_dict = settings.LOGGING
raw_env = [f"PGOPTIONS={os.environ.get('PGOPTIONS', '')} -c max_parallel_workers_per_gather=0"]
"""No parallel query workers for pages: starting two takes 15 ms, longer than the queries."""
if settings.ENV.tls == "own":
    certfile, keyfile = os.environ["TLS_CERTIFICATE"], os.environ["TLS_KEY"]


def when_ready(server: Any) -> None:
    """Load every page before forking, and exclude loaded objects from garbage collection.

    The collector would write to each old object, and so copy memory that could be shared.
    """
    from django.urls import get_resolver

    _ = get_resolver().reverse_dict
    gc.collect()
    gc.freeze()
