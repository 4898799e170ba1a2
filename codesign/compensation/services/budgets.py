"""Sets budgets, lets leases take no more than is left, and tells coordinators in time."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts.queries import language_of
from codesign.accounts.services.outbox import send_mail
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import Budget, BudgetWarning
from codesign.compensation.permissions import SET_PAY
from codesign.compensation.queries import budgets as queries
from codesign.compensation.rules.budgets import WARN_AT, Funds, Room
from codesign.compensation.rules.pay_rates import most_minor
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import (
    Lock,
    lock_until_commit,
    try_lock_shared_until_commit,
)
from codesign.shared.errors import Invalid
from codesign.shared.money import CURRENCIES, format_money
from codesign.studies.models import Study
from codesign.studies.permissions import require
from codesign.studies.queries import in_charge
from codesign.studies.rules import Role

BUDGET_SET = action("compensation.budget_set", gettext_lazy("set the budget for pay"))

MOST_TEXTS = 100_000_000
"""A budget above this number of the highest pay for one text is a typo."""


class Contended(Exception):
    """Little is left of a budget, so the lease has to be tried again with `wait`."""


@transaction.atomic
def set_budget(*, actor: Actor, study: Study, amount_minor: int, currency: str) -> Budget:
    """Set what a study may spend on pay in a currency, in minor units, from now on.

    A budget below what is spent and reserved is allowed: nothing new is leased, and open work is
    paid. Raises Invalid for an unknown currency or an amount that is not plausible.
    """
    require(actor, SET_PAY, study)
    if currency not in CURRENCIES:
        problem = _("“%(code)s” is not a currency in use. Type a three-letter code, such as GBP.")
        raise Invalid(problem % {"code": currency}, {"currency": [problem % {"code": currency}]})
    if not 0 <= amount_minor <= most_minor(currency) * MOST_TEXTS // 100:
        problem = _("Type a smaller amount. Is a decimal point missing?")
        raise Invalid(problem, {"amount": [problem]})
    lock_until_commit(Lock.BUDGET, study.id, currency)
    made = Budget.objects.create(study=study, currency=currency, amount_minor=amount_minor)
    audit.record(
        actor=actor,
        action=BUDGET_SET,
        study_id=study.id,
        about=("budget", made.id, f"{amount_minor} {currency}"),
    )
    return made


def most_for_a_lease(
    *,
    study_id: uuid.UUID,
    currency: str,
    read: Callable[[], Room | None],
    times_the_rate: int,
    wait: bool,
) -> int | None:
    """Return how much the next lease may cost in minor units; None without a limit.

    Everybody holds at most one lease. While more is left than all of them can take at the highest
    price, leases share a lock and run in parallel. Otherwise each takes the lock alone, until
    commit, and reads exactly what is left; leases that shared it have committed by then. The lock
    is waited for only with `wait`, because the caller may hold locks of tasks: without it,
    Contended is raised. `read` reads the budget, in one statement. `times_the_rate`: how often the
    rate a text pays at most.
    """
    if wait:
        lock_until_commit(Lock.BUDGET, study_id, currency)
    elif not try_lock_shared_until_commit(Lock.BUDGET, study_id, currency):
        raise Contended
    room = read()
    if room is None:
        return None
    if wait:
        return room.left
    if room.left < room.at_once * times_the_rate:
        raise Contended
    return None


def warn_of_budgets() -> int:
    """Mail the coordinators of each study whose budget is nearly used, once for each share.

    Returns the number of budgets that were told of.
    """
    budgets = queries.latest_budgets(Budget.objects.all())
    told = 0
    for budget, funds in queries.funds_of(budgets).items():
        if share := funds.warning:
            told += _warn(budget, funds, share)
    return told


@transaction.atomic
def _warn(budget: Budget, funds: Funds, share: int) -> bool:
    """Mail the coordinators unless they were told of this share of this budget."""
    reached = [percent for percent in WARN_AT if percent <= share]
    made = [
        BudgetWarning.objects.get_or_create(budget=budget, percent=percent)[1]
        for percent in reached
    ]
    if not made[0]:
        return False
    page = reverse("compensation:budget", kwargs={"slug": budget.study.slug})
    for member in in_charge(study_id=budget.study_id, role=Role.COORDINATOR):
        with translation.override(language_of(member.user)):
            send_mail(
                to=member.user.email,
                subject=_("%(percent)d%% of the budget for pay is used")
                % {"percent": funds.percent},
                body=_(
                    "Study: %(study)s\n\n"
                    "Of %(budget)s, %(spent)s is paid for and %(reserved)s is reserved for open"
                    " work. %(left)s is left. When nothing is left, people get no new texts, and"
                    " their pages explain it.\n\n%(address)s"
                )
                % {
                    "study": budget.study.title,
                    "budget": format_money(funds.budget, budget.currency),
                    "spent": format_money(funds.spent, budget.currency),
                    "reserved": format_money(funds.reserved, budget.currency),
                    "left": format_money(max(funds.left, 0), budget.currency),
                    "address": settings.SITE_URL + page,
                },
            )
    return True
