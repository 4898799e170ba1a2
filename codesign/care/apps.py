"""Care for the people of a study."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    """Help, notices of a crisis, cases and the rota of safety leads."""

    name = "codesign.care"
    label = "care"

    def ready(self) -> None:
        """Register steps, cards, navigation and the publish check."""
        from codesign.care import home_cards, publish_checks  # noqa: F401
