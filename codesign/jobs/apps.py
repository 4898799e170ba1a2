"""The app that runs long work."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Jobs, who works at them, and how they moved."""

    name = "codesign.jobs"
    label = "jobs"
