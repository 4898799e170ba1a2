"""The one way in for web, workers and commands: settings that are wrong are one sentence."""

import os

from django.core.exceptions import ImproperlyConfigured


def load_settings() -> None:
    """Read the settings; SystemExit with the sentence that says what they lack."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codesign.config.settings")
    from django.conf import settings

    try:
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None
    if not os.environ.get("WEB_CONCURRENCY", "").strip():
        os.environ.pop("WEB_CONCURRENCY", None)  # gunicorn reads it too, and fails on an empty one
