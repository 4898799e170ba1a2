"""Pages without tables of their own."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Homes, study pages, demo study."""

    name = "codesign.desk"
    label = "desk"
