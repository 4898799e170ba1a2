"""The app at the bottom: it imports no other."""

from django.apps import AppConfig


class SharedConfig(AppConfig):
    """No tables of its own."""

    name = "codesign.shared"
    label = "shared"

    def ready(self) -> None:
        """Refuse integers that do not fit; say mistakes of forms and API in plain words."""
        from codesign.shared import forms, integers, serializers

        integers.guard_bindings()
        forms.speak_plainly()
        serializers.speak_plainly()
