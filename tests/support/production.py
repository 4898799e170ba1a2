"""The environment of an installation for real people, as README describes it."""

from __future__ import annotations

from pathlib import Path

from tests.support.running import user_environment

SECRET = "a-long-random-text-0123456789-abcdefghijklmnopqrstuvwxyz"


def production_environment(home: Path, **more: str) -> dict[str, str]:
    """Return every required setting; the servers are unreachable unless `more` names others."""
    plain = user_environment(
        **{
            "CODESIGN_ENV": "production",
            "CODESIGN_HOME": str(home),
            "SECRET_KEY": SECRET,
            "ALLOWED_HOSTS": "codesign.example.org",
            "SITE_URL": "https://codesign.example.org",
            "CODESIGN_TLS": "proxy",
            "DATABASE_URL": "postgresql://codesign_app:secret@127.0.0.1:1/codesign",
            "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
            "EMAIL_URL": "smtp+tls://mail:secret@mail.example.org:587",
            "DEFAULT_FROM_EMAIL": "study@example.org",
        }
        | more
    )
    return {name: value for name, value in plain.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
