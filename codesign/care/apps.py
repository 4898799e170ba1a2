"""Care for the people of a study."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    """Help, notices of a crisis, cases and the rota of safety leads."""

    name = "codesign.care"
    label = "care"

    def ready(self) -> None:
        """Register steps, cards, navigation, publish checks, countries and receivers."""
        from codesign.care import home_cards, publish_checks, receivers  # noqa: F401
        from codesign.care.queries import helplines
        from codesign.compensation.registry import COUNTRIES

        COUNTRIES.register("helplines", lambda study: helplines.recruited_codes(study_id=study))
