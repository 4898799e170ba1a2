"""Logs without personal data. The audit trail records who did what; the logs do not.

A line has the time, the logger, what happened and the request id. It never contains input: no query
string, only the pattern of an address, no exception message (a database quotes the row that it
rejected), and no e-mail address that a library put into its message.

The logs do not show that a person opened a page of care: requests to views that `unlogged` marks
are not logged and have no id (decision 31).
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TypeVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the page or API request that caused this work. Tasks inherit it from their sender."""

EMAIL = re.compile(r"[^\s<>\"'(),:;{}\[\]]+@[^\s<>\"'(),:;{}\[\]]+")
QUERY = re.compile(r"\?\S+")
SECRET_PATH = re.compile(r"(/key/|/confirm-email/)[^\s/]+")
UNLOGGED = "unlogged"
"""The attribute of the views that `unlogged` marks."""
View = TypeVar("View", bound=Callable[..., Any])
FRAMES = 12
"""Number of innermost traceback frames that are logged."""


def unlogged(view: View) -> View:
    """Mark a view whose requests are not logged: the line alone would say much about a person."""
    setattr(view, UNLOGGED, True)
    return view


def is_unlogged(view: Any) -> bool:
    """Return whether requests to a view are not logged."""
    return getattr(view, UNLOGGED, False)


def configuration(*, level: str, as_json: bool) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`, for web, workers and commands."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonLines if as_json else PlainLines}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "django.template": {"level": "INFO"},  # DEBUG logs the content of pages
            "django.db.backends": {"level": "INFO"},  # DEBUG logs the values of rows
            "gunicorn.error": {"handlers": ["console"], "propagate": False, "level": level},
            "gunicorn.access": {"handlers": [], "propagate": False, "level": "CRITICAL"},
            "openai": {"level": "WARNING"},  # DEBUG logs prompts
            "httpx2": {"level": "WARNING"},  # DEBUG logs headers with keys, INFO every request
            "httpcore2": {"level": "WARNING"},
            "presidio-analyzer": {"level": "WARNING"},  # INFO logs every recognizer that loads
        },
    }


class PlainLines(logging.Formatter):
    """One line, for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger, message and fields."""
        entry = describe(record)
        more = [f"{key}={value}" for key, value in entry.items() if key not in HEAD]
        return " ".join([*(str(entry[key]) for key in HEAD), *more])


class JsonLines(logging.Formatter):
    """One JSON object a line, for log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(describe(record), ensure_ascii=False)


HEAD = ("time", "level", "logger", "message")


def describe(record: logging.LogRecord) -> dict[str, Any]:
    """Return the parts of a record that may be logged."""
    entry: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": _message(record),
    }
    if current := request_id.get():
        entry["request"] = current
    entry |= getattr(record, "fields", {})
    if record.exc_info and record.exc_info[0]:
        entry["error"] = record.exc_info[0].__name__
        entry["where"] = _where(record.exc_info[2])
    return entry


def _message(record: logging.LogRecord) -> str:
    """Return the message without personal data."""
    if (request := getattr(record, "request", None)) is not None:
        match = getattr(request, "resolver_match", None)
        place = "an unknown address"
        if match and not is_unlogged(match.func):
            place = match.route
        return f"{getattr(record, 'status_code', '')} {getattr(request, 'method', '')} {place}"
    task = getattr(record, "data", None)
    if isinstance(task, dict) and "exc" in task:  # Celery's message quotes the exception
        return f"Task {task.get('name')}[{task.get('id')}] {task.get('description', 'failed')}"
    return scrubbed(record.getMessage())


def scrubbed(text: str) -> str:
    """Return the text on one line, without e-mail addresses, queries and secrets in links."""
    text = EMAIL.sub("[address]", " ".join(text.split()))
    return QUERY.sub("?[query]", SECRET_PATH.sub(r"\1[key]", text))


def _where(innermost: TracebackType | None) -> list[str]:
    """Return file, line and function of the innermost frames; never a value."""
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(innermost)[-FRAMES:]
    ]
