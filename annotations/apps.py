"""The heart of Codesign."""

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """Cannot reveal a model: responses know only an opaque source."""

    name = "annotations"
    label = "annotations"

    def ready(self) -> None:
        """Listen for withdrawals, offer steps for the homes, tell the ledger what work there is."""
        from annotations import home_cards, permissions, publish_checks, receivers  # noqa: F401
        from annotations.queries import work
        from annotations.services import regroup  # noqa: F401 - its action has words in the trail
        from codesign.accounts.registry import SCOPE_ROLES
        from codesign.accounts.rules import TokenScope
        from codesign.compensation.registry import PAID_WORK

        PAID_WORK.register("assignment", work.paid_work)
        SCOPE_ROLES.register(TokenScope.JUDGE, permissions.JUDGE.roles)
        SCOPE_ROLES.register(TokenScope.RELEASES, permissions.SEE_RELEASES.roles)
        SCOPE_ROLES.register(TokenScope.JUDGEMENTS, permissions.SEE_JUDGEMENTS.roles)
