"""The app that every service writes to."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Events, their personal details, seals."""

    name = "codesign.audit"
    label = "audit"
