"""Beat stores nothing on disk: every task is due once when it starts."""

from __future__ import annotations

from django.conf import settings

from codesign.config.celery import app
from codesign.config.clock import Clock


def test_everything_is_due_once_when_beat_starts() -> None:
    clock = Clock(app=app)
    ours = [clock.schedule[name] for name in settings.CELERY_BEAT_SCHEDULE]
    assert ours
    for entry in ours:
        assert entry.is_due()[0]
        assert not next(entry).is_due()[0]
