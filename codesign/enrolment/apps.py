"""Invitations."""

from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    """Accepting an invitation makes its recipient a member."""

    name = "codesign.enrolment"
    label = "enrolment"

    def ready(self) -> None:
        """Register receivers, steps, navigation and the publish check."""
        from codesign.enrolment import home_cards, publish_checks, receivers  # noqa: F401
