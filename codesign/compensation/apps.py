"""Pay rates, promises, accounts, transfers, legs."""

from django.apps import AppConfig


class CompensationConfig(AppConfig):
    """Records what was promised when somebody signs the consent."""

    name = "codesign.compensation"
    label = "compensation"

    def ready(self) -> None:
        """Register receivers, cards, table columns and the publish check."""
        from codesign.compensation import home_cards, publish_checks, receivers  # noqa: F401
