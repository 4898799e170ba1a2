"""The outermost app: it only wires the others."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Settings, URLs, supervisor."""

    name = "codesign.config"
    label = "config"
