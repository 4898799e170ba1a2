"""The Celery application: settings come from Django, tasks from each app's `tasks` module."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codesign.config.settings")

app = Celery("codesign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
