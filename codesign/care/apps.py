"""Help, in the same place on every page."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    """The Help page."""

    name = "codesign.care"
    label = "care"
