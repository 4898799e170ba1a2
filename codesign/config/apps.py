"""The outermost app, which connects the others."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from codesign.shared.catalogues import compile_changed


class ConfigConfig(AppConfig):
    """Settings, URLs, supervisor."""

    name = "codesign.config"
    label = "config"

    def ready(self) -> None:
        """Load Celery and every app's tasks, and protect append-only tables after migrations.

        Also compile the catalogues of translations that changed, before the first text is read.

        Celery imports tasks only in workers. Web processes and commands also need their names and
        queues.
        """
        from codesign.config import celery  # noqa: F401
        from codesign.config.privileges import forbid_rewriting

        compile_changed()
        autodiscover_modules("tasks")
        post_migrate.connect(forbid_rewriting)
