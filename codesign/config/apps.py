"""The outermost app: it only wires the others."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class ConfigConfig(AppConfig):
    """Settings, URLs, supervisor."""

    name = "codesign.config"
    label = "config"

    def ready(self) -> None:
        """Make the Celery application current; import every app's tasks; guard append-only tables.

        Celery imports tasks in workers alone; without this a web process or a command would know
        neither a task's name nor its queue.
        """
        from codesign.config import celery  # noqa: F401
        from codesign.config.privileges import forbid_rewriting

        autodiscover_modules("tasks")
        post_migrate.connect(forbid_rewriting)
