"""Configuration of the app."""

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """Judging and releases. Responses have an opaque source, so no page can name a model."""

    name = "annotations"
    label = "annotations"

    def ready(self) -> None:
        """Connect receivers; register home cards, publish checks, token scopes and paid work."""
        from annotations import home_cards, permissions, publish_checks, receivers  # noqa: F401
        from annotations.queries import own_texts as own_queries
        from annotations.queries import reserved_pay, work
        from annotations.services import (
            own_texts,
            regroup,  # noqa: F401 - registers its audit action
            reviewed_work,
        )
        from codesign.accounts.registry import SCOPE_ROLES
        from codesign.accounts.rules import TokenScope
        from codesign.care.registry import AFTER_ANSWER, CASE_TEXTS
        from codesign.compensation.registry import (
            PAID_WORK,
            PAY_TO_COME,
            RESERVED,
            REVIEWED_WORK,
            ReviewedWork,
        )

        PAID_WORK.register("assignment", work.paid_work)
        REVIEWED_WORK.register(
            "assignment",
            ReviewedWork(
                held=reviewed_work.held,
                refuse=reviewed_work.refuse,
                pay=reviewed_work.pay,
                page=work.page_of,
            ),
        )
        PAY_TO_COME.register("assignments", reserved_pay.is_pay_held)
        RESERVED.register("assignments", reserved_pay.reserved)
        CASE_TEXTS.register("own texts", own_queries.words_of_case)
        AFTER_ANSWER.register("own texts", own_texts.follow_answer)
        SCOPE_ROLES.register(TokenScope.JUDGE, permissions.JUDGE.roles)
        SCOPE_ROLES.register(TokenScope.RELEASES, permissions.SEE_RELEASES.roles)
        SCOPE_ROLES.register(TokenScope.JUDGEMENTS, permissions.SEE_JUDGEMENTS.roles)
