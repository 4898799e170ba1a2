"""Publish check: every cohort needs a pay rate before the study opens."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.compensation.queries import pay_rates
from codesign.compensation.queries.floors import floors_of
from codesign.compensation.rules import pay_rates as pay_rules
from codesign.compensation.rules.floors import refusal_words, warning_words
from codesign.shared.money import format_money
from codesign.studies.models import Study
from codesign.studies.queries import cohorts_of
from codesign.studies.registry import PUBLISH_CHECKS, CheckResult, Gap, PublishCheck


def pay(study: Study) -> CheckResult:
    """Check that every cohort has a rate that reaches the floors (standards 3.1, 3.2)."""
    href = reverse("compensation:rates", kwargs={"slug": study.slug})
    rates = pay_rates.rates_in_force(study_id=study.id, at=timezone.now())
    floors = floors_of(
        study_id=study.id,
        currencies={rate.currency for rate in rates.values()},
        on=timezone.now().date(),
    )
    done, gaps, warnings = [], [], []
    for cohort in cohorts_of(study_id=study.id):
        rate = rates.get(cohort.id)
        if rate is None or rate.amount_minor <= 0:
            says = _("Set what “%(cohort)s” is paid for one text.") % {"cohort": cohort.title}
            gaps.append(Gap(says, href))
            continue
        price: dict[str, Any] = {"amount_minor": rate.amount_minor, "currency": rate.currency}
        seconds = rate.estimated_seconds
        hourly = pay_rules.hourly_minor(amount_minor=rate.amount_minor, estimated_seconds=seconds)
        done.append(
            _("%(cohort)s: %(price)s; %(hourly)s an hour")
            % {
                "cohort": cohort.title,
                "price": pay_rules.price_words(**price),
                "hourly": format_money(hourly, rate.currency),
            }
        )
        held = [floor for floor in floors if floor.currency == rate.currency]
        if refused := refusal_words(held, **price, estimated_seconds=seconds):
            gaps.append(Gap(f"{cohort.title}: {refused}", href))
        elif low := warning_words(held, **price, estimated_seconds=seconds):
            warnings.append(f"{cohort.title}: {low}")
    if not done and not gaps:
        gaps = [Gap(_("Add a cohort first, then set its pay."), href)]
    return CheckResult(done=done, gaps=gaps, warnings=warnings)


PUBLISH_CHECKS.register(
    "pay",
    PublishCheck(
        title=gettext_lazy("Pay"),
        says=gettext_lazy("What each cohort is paid for one text, including skipped texts."),
        order=50,
        look=pay,
        url_name="compensation:rates",
        label=gettext_lazy("Pay"),
        again=True,
    ),
)
