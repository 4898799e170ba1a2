"""The app at the bottom: it imports no other."""

from django.apps import AppConfig


class SharedConfig(AppConfig):
    """No tables of its own."""

    name = "codesign.shared"
    label = "shared"
