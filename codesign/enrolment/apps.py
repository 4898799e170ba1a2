"""Invitations."""

from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    """Turns an invitation into a membership when its address is verified."""

    name = "codesign.enrolment"
    label = "enrolment"

    def ready(self) -> None:
        """Listen for verified addresses; offer the way to the people, and a publish check."""
        from codesign.enrolment import home_cards, publish_checks, receivers  # noqa: F401
