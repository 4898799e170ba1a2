"""Pay on the consent page, on home pages and in the navigation."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codesign.compensation.permissions import (
    DECIDE_APPEALS,
    PAY_OUT,
    REVIEW_WORK,
    SEE_OWN_PAY,
    SEE_PAY,
)
from codesign.compensation.queries import budgets, ledger, pay_rates, payouts, rejections
from codesign.compensation.rules import pay_rates as pay_rules
from codesign.consent.registry import BEFORE_SIGNING
from codesign.enrolment.registry import COLUMNS, Column
from codesign.shared.money import format_money
from codesign.studies.models import Member
from codesign.studies.registry import (
    CARDS,
    NAV,
    STEPS,
    CardSource,
    NavLink,
    Panel,
    Step,
    StepSource,
)


def what_it_pays(member: Member) -> Panel | None:
    """Return a panel with amount, time and hourly rate, as promised now (standards 3.1)."""
    if member.cohort_id is None:
        return None
    rate = pay_rates.rate_in_force(cohort_id=member.cohort_id, at=timezone.now())
    hourly = rate and pay_rules.hourly_minor(
        amount_minor=rate.amount_minor, estimated_seconds=rate.estimated_seconds
    )
    panel = {"rate": rate, "hourly": hourly, "slug": member.study.slug}
    return Panel("compensation/_promise.html", {"panel": panel})


def earned(member: Member) -> Panel:
    """Return a panel with what the person is owed and a link to all payments."""
    balances = ledger.balances(member_id=member.id).items()
    owed = sorted((currency, max(minor, 0)) for currency, minor in balances)
    return Panel("compensation/_earned.html", {"study": member.study, "balances": owed})


def book(member: Member) -> Panel:
    """Return a panel with the study's total payments, and whether the ledger balances."""
    return Panel("compensation/_book.html", {"books": ledger.book_of(study_id=member.study_id)})


def budget(member: Member) -> Panel | None:
    """Return a panel with what is left of the study's budget; None without a budget."""
    funds = budgets.funds_by_currency(study_id=member.study_id)
    if not funds:
        return None
    return Panel("compensation/_budget.html", {"study": member.study, "funds": funds.values()})


def earned_by(member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return what each person has earned and not been paid, formatted."""
    balances_of = ledger.balances_of(member_ids=member_ids)
    return {
        member_id: ", ".join(format_money(minor, currency) for currency, minor in balances)
        for member_id, balances in balances_of.items()
    }


def rejections_step(member: Member) -> Step | None:
    """Return the step with the rejections that another coordinator proposed."""
    n = rejections.to_confirm(member=member)
    if not n:
        return None
    words = ngettext(
        "%(n)s proposal to reject work waits for a second coordinator.",
        "%(n)s proposals to reject work wait for a second coordinator.",
        n,
    )
    return Step(words % {"n": n}, _rejections_of(member), _("Read the proposals"))


def appeals_step(member: Member) -> Step | None:
    """Return the step with the appeals that this member of the staff can decide."""
    n = rejections.to_decide(member=member)
    if not n:
        return None
    words = ngettext("%(n)s appeal waits for you.", "%(n)s appeals wait for you.", n)
    return Step(words % {"n": n}, _rejections_of(member), _("Decide on appeals"))


def payouts_step(member: Member) -> Step | None:
    """Return the step with the payout batches that this coordinator can approve."""
    n = payouts.to_approve(member=member)
    if not n:
        return None
    words = ngettext(
        "%(n)s payout batch waits for a second coordinator.",
        "%(n)s payout batches wait for a second coordinator.",
        n,
    )
    page = reverse("compensation:payouts", kwargs={"slug": member.study.slug})
    return Step(words % {"n": n}, page, _("Look at the batches"))


def _rejections_of(member: Member) -> str:
    return reverse("compensation:rejections", kwargs={"slug": member.study.slug})


COLUMNS.register("earned", Column(gettext_lazy("Owed"), earned_by))
BEFORE_SIGNING.register("pay", what_it_pays)
CARDS.register("earned", CardSource(SEE_OWN_PAY.roles, order=10, find=earned))
CARDS.register("book", CardSource(SEE_PAY.roles, order=40, find=book))
STEPS.register("rejections", StepSource(REVIEW_WORK.roles, order=16, find=rejections_step))
STEPS.register("payouts", StepSource(PAY_OUT.roles, order=17, find=payouts_step))
STEPS.register("appeals", StepSource(DECIDE_APPEALS.roles, order=14, find=appeals_step))
CARDS.register("budget", CardSource(SEE_PAY.roles, order=39, find=budget))
NAV.register(
    "pay",
    NavLink(
        gettext_lazy("Pay"),
        "compensation:rates",
        SEE_PAY,
        40,
        also=[
            "compensation:budget",
            "compensation:entries",
            "compensation:review",
            "compensation:rejections",
            "compensation:payouts",
            "compensation:people",
        ],
    ),
)
