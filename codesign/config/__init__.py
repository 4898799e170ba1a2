"""Settings, URLs, Celery and the embedded servers; `celery_app` makes tasks find their app."""

from codesign.config.celery import app as celery_app

__all__ = ["celery_app"]
