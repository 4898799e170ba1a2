"""The app that runs long work."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Jobs, claims of workers, and the history of states."""

    name = "codesign.jobs"
    label = "jobs"
