"""The only app that knows which model wrote a response."""

from django.apps import AppConfig


class ModelhubConfig(AppConfig):
    """Model versions, generation, training, evaluations."""

    name = "modelhub"
    label = "modelhub"

    def ready(self) -> None:
        """Register cards, and what other apps may learn about models.

        Only releases learn the names of models. Judging only learns whether responses are being
        written.
        """
        from annotations.registry import BEING_WRITTEN, MODEL_NAMES, RELEASE_USES
        from codesign.accounts.registry import SCOPE_ROLES
        from codesign.accounts.rules import TokenScope
        from modelhub import home_cards, permissions, publish_checks, receivers  # noqa: F401
        from modelhub.queries.evaluations import writes_for
        from modelhub.queries.sources import names_of

        BEING_WRITTEN.register("modelhub", writes_for)
        MODEL_NAMES.register("modelhub", names_of)
        RELEASE_USES.register("modelhub", home_cards.made_from)
        SCOPE_ROLES.register(TokenScope.PROMPTS, permissions.IMPORT.roles)
        SCOPE_ROLES.register(TokenScope.GENERATION, permissions.SEE_GENERATION.roles)
        SCOPE_ROLES.register(TokenScope.MODELS, permissions.SEE_MODELS.roles)
        SCOPE_ROLES.register(TokenScope.REGISTER, permissions.REGISTER_MODEL.roles)
        SCOPE_ROLES.register(TokenScope.EXPORT, permissions.EXPORT.roles)
        SCOPE_ROLES.register(TokenScope.TRAINING, permissions.SEE_MODELS.roles)
