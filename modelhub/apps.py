"""The only app that knows which model wrote what."""

from django.apps import AppConfig


class ModelhubConfig(AppConfig):
    """Model versions, generation, training, evaluations."""

    name = "modelhub"
    label = "modelhub"

    def ready(self) -> None:
        """Offer cards; tell dataset releases, and nobody else, which model wrote what."""
        from annotations.registry import MODEL_NAMES
        from modelhub import cards, receivers  # noqa: F401
        from modelhub.queries.sources import names_of

        MODEL_NAMES.register("modelhub", names_of)
