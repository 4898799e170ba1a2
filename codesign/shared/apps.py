"""The app at the bottom: it imports no other."""

from django.apps import AppConfig


class SharedConfig(AppConfig):
    """No tables of its own."""

    name = "codesign.shared"
    label = "shared"

    def ready(self) -> None:
        """Let every form, and every part of the API, say its mistakes in plain words."""
        from codesign.shared import forms, serializers

        forms.speak_plainly()
        serializers.speak_plainly()
