"""The only app that knows which model wrote what."""

from django.apps import AppConfig


class ModelhubConfig(AppConfig):
    """Model versions, generation, training, evaluations."""

    name = "modelhub"
    label = "modelhub"
