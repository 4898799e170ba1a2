"""The Celery application. Settings come from Django, tasks from each app's `tasks` module."""

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
# Django's checks would import every page into every worker. They run before anything starts.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
app = Celery("codesign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

HEADER = "codesign_request"
MAIL_TASK = "accounts.tasks.send_mail"
_tokens: dict[str, Token[str]] = {}


@signals.setup_logging.connect
def keep_our_logs(**_kwargs: Any) -> None:
    """Use the same logging as the web processes instead of Celery's own."""
    logging.config.dictConfig(settings.LOGGING)


@signals.worker_init.connect
def share_memory(**_kwargs: Any) -> None:
    """Freeze loaded objects before forking, so that their memory stays shared."""
    gc.collect()
    gc.freeze()


@signals.before_task_publish.connect
def send_request_id(*, headers: dict[str, Any], **_kwargs: Any) -> None:
    """Add the id of the current request to the message, unless it is about a mail.

    A text that is sent leads to a mail only if it may tell of a crisis.
    """
    headers[HEADER] = "" if headers.get("task") == MAIL_TASK else request_id.get()


@signals.task_prerun.connect
def take_request_id(*, task_id: str, task: Any, **_kwargs: Any) -> None:
    """Log the task under the id of the request that sent it."""
    _tokens[task_id] = request_id.set((task.request.headers or {}).get(HEADER, ""))


@signals.task_postrun.connect
def drop_request_id(*, task_id: str, **_kwargs: Any) -> None:
    """Reset the request id before the next task."""
    if token := _tokens.pop(task_id, None):
        request_id.reset(token)
