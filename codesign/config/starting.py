"""How web, workers and commands load the settings; errors are reported as one sentence."""

import os

from django.core.exceptions import ImproperlyConfigured


def load_settings() -> None:
    """Load the settings. Raises SystemExit with a sentence that says what is wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codesign.config.settings")
    from django.conf import settings

    try:
        _ = settings.INSTALLED_APPS
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None
    if not os.environ.get("WEB_CONCURRENCY", "").strip():
        os.environ.pop("WEB_CONCURRENCY", None)  # gunicorn also reads it and fails if it is empty
