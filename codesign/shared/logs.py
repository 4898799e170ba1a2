"""Logs without personal data: who did what stands in the audit trail, not here.

A line says when, which part, what happened and under which request. It never holds what people
sent: no query string, no address of a page beyond its pattern, no exception's own words (a
database quotes the row that it refused), no e-mail address that a library put into its message.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the page or API request that this work belongs to; a task inherits it from who rang."""

EMAIL = re.compile(r"[^\s<>\"'(),:;{}\[\]]+@[^\s<>\"'(),:;{}\[\]]+")
QUERY = re.compile(r"\?\S+")
SECRET_PATH = re.compile(r"(/key/|/confirm-email/)[^\s/]+")
FRAMES = 12
"""Of a traceback: the innermost ones."""


def configuration(*, level: str, as_json: bool) -> dict[str, Any]:
    """Return what `logging.config.dictConfig` takes; web, workers and commands use the same."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonLines if as_json else PlainLines}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "django.template": {"level": "INFO"},  # below, it writes out what pages are about
            "django.db.backends": {"level": "INFO"},  # below, it writes out the values of rows
            "gunicorn.error": {"handlers": ["console"], "propagate": False, "level": level},
            "gunicorn.access": {"handlers": [], "propagate": False, "level": "CRITICAL"},
            "presidio-analyzer": {"level": "WARNING"},  # it tells of each thing it loads
        },
    }


class PlainLines(logging.Formatter):
    """One line for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger, what happened and where."""
        entry = describe(record)
        more = [f"{key}={value}" for key, value in entry.items() if key not in HEAD]
        return " ".join([*(str(entry[key]) for key in HEAD), *more])


class JsonLines(logging.Formatter):
    """One JSON object a line, for whatever collects logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(describe(record), ensure_ascii=False)


HEAD = ("time", "level", "logger", "message")


def describe(record: logging.LogRecord) -> dict[str, Any]:
    """Return what may be told of a record."""
    entry: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": _message(record),
    }
    if found := request_id.get():
        entry["request"] = found
    entry |= getattr(record, "fields", {})
    if record.exc_info and record.exc_info[0]:
        entry["error"] = record.exc_info[0].__name__
        entry["where"] = _where(record.exc_info[2])
    return entry


def _message(record: logging.LogRecord) -> str:
    """Return the words, without what they were told about somebody."""
    if (request := getattr(record, "request", None)) is not None:
        match = getattr(request, "resolver_match", None)
        place = match.route if match else "an unknown address"
        return f"{getattr(record, 'status_code', '')} {getattr(request, 'method', '')} {place}"
    task = getattr(record, "data", None)
    if isinstance(task, dict) and "exc" in task:  # Celery's words quote the exception
        return f"Task {task.get('name')}[{task.get('id')}] {task.get('description', 'failed')}"
    return scrubbed(record.getMessage())


def scrubbed(text: str) -> str:
    """Return the text on one line, without addresses of people, queries and secrets of links."""
    text = EMAIL.sub("[address]", " ".join(text.split()))
    return QUERY.sub("?[query]", SECRET_PATH.sub(r"\1[key]", text))


def _where(found: TracebackType | None) -> list[str]:
    """Return file, line and function of the innermost frames; never a value."""
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(found)[-FRAMES:]
    ]
