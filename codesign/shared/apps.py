"""The app at the bottom: it imports no other."""

from django.apps import AppConfig


class SharedConfig(AppConfig):
    """No tables of its own."""

    name = "codesign.shared"
    label = "shared"

    def ready(self) -> None:
        """Let every form say its mistakes in plain words."""
        from codesign.shared.forms import speak_plainly

        speak_plainly()
