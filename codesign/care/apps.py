"""Help, in the same place on every page, and the helplines of each study."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    """The Help page, helplines, and hints on wording."""

    name = "codesign.care"
    label = "care"

    def ready(self) -> None:
        """Register steps, navigation and the publish check."""
        from codesign.care import home_cards, publish_checks  # noqa: F401
