"""The outermost app: it only wires the others."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class ConfigConfig(AppConfig):
    """Settings, URLs, supervisor."""

    name = "codesign.config"
    label = "config"

    def ready(self) -> None:
        """Import every app's tasks: Celery does so in workers alone. Guard append-only tables.

        Without the first a web process or a command knows neither a task's name nor its queue.
        """
        from codesign.config.privileges import forbid_rewriting

        autodiscover_modules("tasks")
        post_migrate.connect(forbid_rewriting)
