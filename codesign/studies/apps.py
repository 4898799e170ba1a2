"""Studies, cohorts, members."""

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """Roles are per study."""

    name = "codesign.studies"
    label = "studies"
