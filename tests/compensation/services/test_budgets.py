"""Budgets: who sets them, and who is told when they are nearly used."""

from __future__ import annotations

import pytest

from codesign.accounts.models import OutgoingMail
from codesign.audit.models import Event
from codesign.compensation.models import Budget, BudgetWarning
from codesign.compensation.queries.budgets import funds_by_currency
from codesign.compensation.services import budgets
from codesign.compensation.tasks import warn_of_budgets
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotPermitted
from codesign.studies.rules import Role
from tests.factories.compensation import credit, set_budget
from tests.factories.studies import MemberFactory, staff
from tests.support.fixed_rows import nothing_changes

pytestmark = pytest.mark.django_db


def test_the_latest_budget_counts_and_all_are_kept() -> None:
    member = MemberFactory.create()
    for amount in (1000, 500):
        set_budget(member.study, amount)
    set_budget(member.study, 70, "EUR")
    credit(member, 80)
    funds = funds_by_currency(study_id=member.study_id)
    assert {code: (one.budget, one.spent) for code, one in funds.items()} == {
        "GBP": (500, 80),
        "EUR": (70, 0),
    }
    nothing_changes({Budget: {"amount_minor": 1}})
    set_by = Event.objects.filter(action="compensation.budget_set").order_by("id")
    assert [event.about_label for event in set_by] == ["1000 GBP", "500 GBP", "70 EUR"]


def test_only_a_coordinator_sets_a_budget() -> None:
    member = MemberFactory.create()
    for other in (member, staff(member.study, Role.AUDITOR), staff(member.study, Role.ML_ENGINEER)):
        with pytest.raises(NotPermitted, match="Your role"):
            budgets.set_budget(
                actor=Actor.of(other.user), study=member.study, amount_minor=1, currency="GBP"
            )
    budgets.set_budget(
        actor=Actor.of(staff(member.study).user),
        study=member.study,
        amount_minor=0,
        currency="GBP",
    )


@pytest.mark.parametrize(
    ("amount", "currency"), [(-1, "GBP"), (10**18, "GBP"), (1, "GPB"), (1, "gbp"), (1, "XAU")]
)
def test_a_budget_that_cannot_be_is_refused(amount: int, currency: str) -> None:
    with pytest.raises(Invalid, match=r"smaller amount|not a currency in use"):
        set_budget(MemberFactory.create().study, amount, currency)
    assert not Budget.objects.exists()


def test_coordinators_are_told_once_at_80_and_once_at_95_percent() -> None:
    member = MemberFactory.create()
    coordinator = staff(member.study)
    staff(member.study, Role.AUDITOR)
    set_budget(member.study, 1000)

    def mails() -> list[str]:
        warn_of_budgets()
        mine = OutgoingMail.objects.filter(to=coordinator.user.email).order_by("created_at")
        assert mine.count() == OutgoingMail.objects.count()
        return [mail.subject for mail in mine]

    credit(member, 799)
    assert mails() == []
    credit(member, 1)
    assert mails() == mails() == ["80% of the budget for pay is used"]
    credit(member, 160)
    assert mails() == mails()
    assert mails()[1:] == ["96% of the budget for pay is used"]
    assert "Of £10.00, £9.60 is paid for" in OutgoingMail.objects.latest("created_at").body
    set_budget(member.study, 1001)  # a new budget warns anew, with one mail
    assert len(mails()) == 3
    nothing_changes({BudgetWarning: {"percent": 1}})
