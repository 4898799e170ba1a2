"""Studies, cohorts, members."""

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """Roles are per study."""

    name = "codesign.studies"
    label = "studies"

    def ready(self) -> None:
        """Tell which roles somebody holds, so that they are offered the tokens they can use."""
        from codesign.accounts.registry import ROLES_HELD
        from codesign.studies.queries import roles_held

        ROLES_HELD.register("studies", roles_held)
