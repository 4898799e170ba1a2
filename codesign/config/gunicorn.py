"""How gunicorn serves: `python -m codesign.config.serve`, which reads this.

`PORT`, `WEB_HOST`, `WEB_CONCURRENCY`, and TLS of its own under `CODESIGN_TLS=own`, come from the
environment; every other option from here, so that `make run` and a server do the same.
"""

import gc
import os
from typing import Any

from codesign.config.starting import load_settings

load_settings()

from django.conf import settings  # noqa: E402 - they had to be proven readable first

bind = f"{os.environ.get('WEB_HOST', '127.0.0.1')}:{settings.ENV.port}"
worker_class = "gthread"
workers = settings.ENV.web_processes
threads = 8
timeout = 60
graceful_timeout = 5
preload_app = True  # the processes share what they have loaded
control_socket_disable = True
logconfig_dict = settings.LOGGING
raw_env = [f"PGOPTIONS={os.environ.get('PGOPTIONS', '')} -c max_parallel_workers_per_gather=0"]
"""No page calls parallel workers: to start two takes 15 ms, longer than what it asks for."""
if settings.ENV.tls == "own":
    certfile, keyfile = os.environ["TLS_CERTIFICATE"], os.environ["TLS_KEY"]


def when_ready(server: Any) -> None:
    """Load every page before the processes part; what is settled is left out of collections.

    A collector that walks old objects would write to each, and so copy what could be shared.
    """
    from django.urls import get_resolver

    _ = get_resolver().reverse_dict
    gc.collect()
    gc.freeze()
