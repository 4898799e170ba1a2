"""The Celery application: settings come from Django, tasks from each app's `tasks` module."""

import gc
import logging.config
import os
from contextvars import Token
from typing import Any

from celery import Celery, signals
from django.conf import settings

from codesign.config.starting import load_settings
from codesign.shared.logs import request_id

load_settings()
# Django's checks would load every page into every worker; they are run before anything starts.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
app = Celery("codesign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

HEADER = "codesign_request"
_tokens: dict[str, Token[str]] = {}


@signals.setup_logging.connect
def keep_our_logs(**_: Any) -> None:
    """Log as the web does; Celery would put its own words in place."""
    logging.config.dictConfig(settings.LOGGING)


@signals.worker_init.connect
def share_memory(**_: Any) -> None:
    """Before the processes part, leave what is settled out of collections, so it stays shared."""
    gc.collect()
    gc.freeze()


@signals.before_task_publish.connect
def send_request_id(*, headers: dict[str, Any], **_: Any) -> None:
    """Write on a message under which request it was rung."""
    headers[HEADER] = request_id.get()


@signals.task_prerun.connect
def take_request_id(*, task_id: str, task: Any, **_: Any) -> None:
    """Log the task under the request that rang for it."""
    _tokens[task_id] = request_id.set((task.request.headers or {}).get(HEADER, ""))


@signals.task_postrun.connect
def drop_request_id(*, task_id: str, **_: Any) -> None:
    """The next task belongs to another."""
    if token := _tokens.pop(task_id, None):
        request_id.reset(token)
