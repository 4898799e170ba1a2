"""The lowest app: it imports no other app."""

from django.apps import AppConfig


class SharedConfig(AppConfig):
    """An app without tables."""

    name = "codesign.shared"
    label = "shared"

    def ready(self) -> None:
        """Install the integer checks and the plain error messages of forms and the API."""
        from codesign.shared import forms, integers, serializers

        integers.guard_bindings()
        forms.speak_plainly()
        serializers.speak_plainly()
