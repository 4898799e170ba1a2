"""Studies, cohorts, members."""

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """Roles are per study."""

    name = "codesign.studies"
    label = "studies"

    def ready(self) -> None:
        """Register publish checks, receivers, and the roles that a person holds."""
        from codesign.accounts.registry import ROLES_HELD
        from codesign.studies import publish_checks, receivers  # noqa: F401
        from codesign.studies.queries import roles_held

        ROLES_HELD.register("studies", roles_held)
